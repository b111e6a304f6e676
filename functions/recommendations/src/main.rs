//! The recommendations function.

use carehub_api::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve(recommendations::routes()).await
}
