//! Answers with a row for every donor: columns, for a data frame without copying.

use crate::door::{answer, call};
use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::Field;
use dermawan::Result;
use dermawan::churn::{LifetimeValues, Outlooks, Scores, Segments};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};
use serde::Serialize;
use std::sync::Arc;

/// An answer with a row for every donor, in columns of equal length.
///
/// Data frames and SQL engines take it as it is, by the Arrow PyCapsule interface: `polars.DataFrame(scores)`,
/// `pandas.DataFrame.from_arrow(scores)`, `pyarrow.table(scores)`, or by name in a query of `duckdb`. Money is a decimal,
/// exact to the sen. `to_dict` gives plain lists, and what is no column (counts, options) beside them.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Columns {
    answer: Answer,
    batch: RecordBatch,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Scores(Scores),
    Segments(Segments),
    LifetimeValues(LifetimeValues),
    Outlooks(Box<Outlooks>),
}

impl Columns {
    pub(crate) fn scores(scores: Scores) -> Result<Self> {
        Ok(Self { batch: scores.to_batch()?, answer: Answer::Scores(scores) })
    }

    pub(crate) fn segments(segments: Segments) -> Result<Self> {
        Ok(Self { batch: segments.to_batch()?, answer: Answer::Segments(segments) })
    }

    pub(crate) fn lifetime_values(values: LifetimeValues) -> Result<Self> {
        Ok(Self { batch: values.to_batch()?, answer: Answer::LifetimeValues(values) })
    }

    pub(crate) fn outlooks(outlooks: Outlooks) -> Result<Self> {
        Ok(Self { batch: outlooks.to_batch()?, answer: Answer::Outlooks(Box::new(outlooks)) })
    }
}

#[pymethods]
impl Columns {
    /// How many rows there are.
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// The names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Plain lists by name, dates as text; the same keys as in Rust and Node.
    #[pyo3(signature = () -> "dict")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        answer(py, || Ok(&self.answer))
    }

    fn __repr__(&self) -> String {
        format!("<dermawan.Columns: {} rows of {}>", self.batch.num_rows(), self.columns().join(", "))
    }

    /// The Arrow PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.batch.schema_ref().as_ref())?)
    }

    /// The Arrow PyCapsule interface.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let rows: ArrayRef = call(py, || Ok(Arc::new(StructArray::from(self.batch.clone())) as ArrayRef))?;
        let field = Arc::new(Field::new("", rows.data_type().clone(), false));
        Ok(to_stream_pycapsule(py, Box::new(ArrayIterator::new([Ok(rows)], field)), requested_schema)?)
    }
}
