//! The records function.

use carehub_api::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve_with_files(records::routes()).await
}
