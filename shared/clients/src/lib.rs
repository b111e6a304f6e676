//! The outside world: messages to people's phones and mailboxes.

mod aws;
mod post;

pub use self::{
    aws::{AwsPost, Carriers},
    post::{Message, Post, PostError, SharedPost},
};
