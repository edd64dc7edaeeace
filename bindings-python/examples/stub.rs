//! Prints the type stub of the built module: `stub path/to/lib_dermawan.so`.
#![allow(clippy::print_stdout, reason = "the stub is this program's output")]

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let library = std::env::args_os().nth(1).ok_or("usage: stub LIBRARY")?;
    let module = pyo3_introspection::introspect_cdylib(Path::new(&library), "_dermawan")?;
    let stub = pyo3_introspection::module_stub_files(&module)
        .remove(Path::new("__init__.pyi"))
        .ok_or("the module carries no introspection data")?;
    print!("# Written by the example `stub` (make stubs). Do not edit.\n\n{stub}");
    Ok(())
}
