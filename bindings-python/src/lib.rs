//! Python window of Dermawan: convert, call, map the error. The package around it is in `python/dermawan`.
#![allow(missing_docs, reason = "pyo3's macros write undocumented items; the functions themselves are documented")]

mod door;
mod model;
mod store;

#[pyo3::pymodule]
mod _dermawan {
    #[pymodule_export]
    use crate::model::{is_whole_month, rupiah};
    #[pymodule_export]
    use crate::store::probe;

    /// The version of the library.
    #[pyo3::pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
