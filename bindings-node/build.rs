//! Node's symbols stay open until the addon is loaded; the addon finds the prebuilt DuckDB library; and the compiler
//! writes the types of what the addon exports.

#![allow(clippy::disallowed_methods, reason = "a build script reads its environment")]

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
    napi_build::setup();
    // OUT_DIR is <target>/<profile>/build/<package>-<hash>/out; `scripts/types.mjs` reads the folder made here.
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    if let Some(profile) = out.ancestors().nth(3) {
        let types = profile.join("node-types");
        std::fs::create_dir_all(&types)?;
        println!("cargo:rustc-env=NAPI_TYPE_DEF_TMP_FOLDER={}", types.display());
    }
    Ok(())
}
