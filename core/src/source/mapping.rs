//! Names of the source.
/// Names.
#[derive(Clone, Debug, Default)]
pub struct Mapping {}
/// Names.
#[derive(Clone, Debug, Default)]
pub struct TableMapping {}
