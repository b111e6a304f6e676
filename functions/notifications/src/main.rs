//! The notifications function.

use carehub_api::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve(notifications::routes()).await
}
