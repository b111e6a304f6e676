//! The auth function.

use carehub_api::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve(auth::routes()).await
}
