//! tmp
#![allow(clippy::all, clippy::pedantic, missing_docs, clippy::disallowed_methods)]
use dermawan::chart;
fn main() {
    let path = "core/testdata/vectors/chart_svg.json";
    let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in file["cases"].as_array_mut().unwrap() {
        let picture: chart::Chart = serde_json::from_value(case["input"]["picture"].clone()).unwrap();
        let options: chart::Options = serde_json::from_value(case["options"].clone()).unwrap();
        case["expected"] = match chart::svg(&picture, &options) {
            Ok(svg) => svg.into(),
            Err(error) => serde_json::json!({"error": error.code()}),
        };
    }
    std::fs::write("/tmp/page-view/filled.json", serde_json::to_string(&file).unwrap()).unwrap();
}
