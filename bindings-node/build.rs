//! Node's symbols stay open until the addon is loaded; and the addon finds the prebuilt DuckDB library.

#![allow(clippy::disallowed_methods, reason = "a build script reads its environment")]

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
    napi_build::setup();
}
