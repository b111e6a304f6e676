//! The platform as `template.yaml` and its nested stacks declare it.
//!
//! The template is the only list of routes, tables, buckets, queues, streams and schedules:
//! the one-machine platform does what it says, and a test compares it with
//! the routers.

mod bucket;
mod cadence;
mod error;
mod filter;
mod function;
mod queue;
mod route;
mod scope;
mod socket;
mod stack;
mod table;

use std::{fs, io, path::Path};

use carehub_sqs::Queue;

pub use self::{
    bucket::{Arrivals, Bucket},
    cadence::{BadCadence, Cadence},
    error::{Problem, TemplateError},
    filter::Filter,
    function::{Function, Schedule, Stream, Trigger},
    queue::Intake,
    route::{BadRoute, Route},
    table::Table,
};
use self::{scope::Scope, stack::Stack};

/// Everything the one-machine platform needs to know of the template.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The functions, by folder name.
    pub functions: Vec<Function>,
    /// The DynamoDB tables.
    pub tables: Vec<Table>,
    /// The S3 buckets.
    pub buckets: Vec<Bucket>,
    /// The SQS queues.
    pub queues: Vec<Queue>,
}

impl Template {
    /// Reads the template at `path` and the stacks nested in it.
    ///
    /// `prefix` is the value of its parameter `Prefix`.
    pub fn load(path: &Path, prefix: &str) -> Result<Self, TemplateError> {
        Self::parse(path, prefix, &|path| fs::read_to_string(path))
    }

    /// As [`load`](Self::load), from wherever `read` finds the files.
    pub fn parse(
        path: &Path,
        prefix: &str,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, TemplateError> {
        let stack = Stack::read(path, read)?;
        let mut template = Self::default();
        template.collect(&Scope::root(&stack, prefix))?;
        template.functions.sort_by(|a, b| a.name.cmp(&b.name));
        template.queues.sort_by(|a, b| a.name.cmp(&b.name));
        template.tables.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(template)
    }

    /// The function that API Gateway would hand a request to.
    ///
    /// A full match comes before a greedy one, a literal segment before a
    /// variable, and a method before `ANY`.
    pub fn route(&self, method: &str, path: &str) -> Option<&str> {
        self.routes()
            .filter_map(|(function, route)| Some((route.rank(method, path)?, function)))
            .min()
            .map(|(_, function)| function)
    }

    /// Every route, with the function behind it.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &Route)> {
        self.functions.iter().flat_map(|function| {
            function.triggers.iter().filter_map(|trigger| match trigger {
                Trigger::Http(route) => Some((function.name.as_str(), route)),
                Trigger::Stream(_)
                | Trigger::Queue(_)
                | Trigger::Schedule(_)
                | Trigger::Arrivals(_)
                | Trigger::WebSocket(_) => None,
            })
        })
    }

    fn collect(&mut self, scope: &Scope<'_>) -> Result<(), TemplateError> {
        for (name, resource) in &scope.stack.document.resources {
            let at = |problem| TemplateError::new(&scope.stack.file, name, problem);
            match resource.kind.as_str() {
                Table::KIND => self.tables.push(Table::read(scope, resource).map_err(at)?),
                Bucket::KIND => self.buckets.push(Bucket::read(scope, resource).map_err(at)?),
                queue::KIND => self.queues.push(queue::read(scope, resource).map_err(at)?),
                Function::KIND => {
                    let mut function = Function::read(scope, resource).map_err(at)?;
                    let routes = socket::routes_to(scope, name).map_err(at)?;
                    function.triggers.extend(routes.into_iter().map(Trigger::WebSocket));
                    self.functions.push(function);
                }
                kind if Stack::KINDS.contains(&kind) => {
                    self.collect(&scope.nested(name).map_err(at)?)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
