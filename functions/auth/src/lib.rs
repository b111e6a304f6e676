//! Opening accounts, signing in and out, and looking after the account itself.

mod change_password;
mod health;
mod keys;
mod login;
mod logout;
mod password_reset;
mod profile;
mod refresh;
mod register;
mod register_patient;
mod send_otp;
mod sessions;
mod users;
mod verify_otp;
mod view;

use carehub_api::{Routes, limit::Bucket};
use utoipa::OpenApi;

pub use self::{
    sessions::SessionView,
    users::NewUserView,
    view::{Expiring, SignedInView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .post("/api/auth/register", register::handler)
        .limited(Bucket::Register)
        .post("/api/accounts/patients/register", register_patient::handler)
        .limited(Bucket::Register)
        .post("/api/auth/login", login::handler)
        .also_at(&["/api/token"])
        .limited(Bucket::Auth)
        .post("/api/auth/refresh", refresh::handler)
        .also_at(&["/api/token/refresh", "/api/auth/token/refresh"])
        .limited(Bucket::Register)
        .post("/api/auth/logout", logout::handler)
        .get("/api/auth/profile", profile::show)
        .also_at(&["/api/auth/me", "/api/accounts/me", "/api/users/me"])
        .edit("/api/auth/profile", profile::edit)
        .also_at(&["/api/auth/me", "/api/accounts/me", "/api/users/me"])
        .post("/api/auth/send-otp", send_otp::handler)
        .limited(Bucket::Auth)
        .post("/api/auth/verify-otp", verify_otp::handler)
        .limited(Bucket::Auth)
        .post("/api/auth/change-password", change_password::handler)
        .also_at(&["/api/accounts/change-password"])
        .limited(Bucket::Auth)
        .post("/api/auth/password-reset", password_reset::handler)
        .limited(Bucket::Auth)
        .get("/api/auth/sessions", sessions::list)
        .delete("/api/auth/sessions", sessions::end)
        .delete("/api/auth/sessions/{id}", sessions::end_one)
        .get("/api/auth/health", health::handler)
        .get("/api/auth/admin/users", users::list)
        .also_at(&["/api/accounts/users", "/api/users"])
        .post("/api/auth/admin/users", users::create)
        .also_at(&["/api/users"])
        .idempotent()
        .get("/api/auth/admin/users/{id}", users::show)
        .also_at(&["/api/users/{id}", "/api/profiles/{id}"])
        .edit("/api/auth/admin/users/{id}", users::edit)
        .also_at(&["/api/users/{id}", "/api/profiles/{id}"])
        .delete("/api/auth/admin/users/{id}", users::close)
        .also_at(&["/api/users/{id}"])
        .get("/api/profiles", users::profiles)
        .get("/.well-known/jwks.json", keys::handler)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    register::handler,
    register_patient::handler,
    login::handler,
    refresh::handler,
    logout::handler,
    profile::show,
    profile::edit,
    send_otp::handler,
    verify_otp::handler,
    change_password::handler,
    password_reset::handler,
    sessions::list,
    sessions::end,
    sessions::end_one,
    health::handler,
    users::list,
    users::create,
    users::show,
    users::edit,
    users::close,
    users::profiles,
    keys::handler,
))]
pub struct Api;
