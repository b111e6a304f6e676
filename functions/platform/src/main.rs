//! The platform function.

use carehub_api::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve_openly(platform::routes()).await
}
