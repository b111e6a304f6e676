//! Prints the OpenAPI document of the hub, for `make openapi`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&carehub_tests::document())?);
    Ok(())
}
