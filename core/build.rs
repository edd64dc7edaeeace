//! Lets test and example binaries find the prebuilt DuckDB library that they were linked with.

#![allow(clippy::disallowed_methods, reason = "a build script reads its environment")]

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
