//! The outside world: messages to people's phones and mailboxes, and orders to pharmacies.

mod aws;
mod post;

pub use self::{
    aws::{AwsPost, Carriers},
    post::{Message, Order, Post, PostError, SharedPost},
};
