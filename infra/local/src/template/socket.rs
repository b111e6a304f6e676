//! The WebSocket of API Gateway, and who is told of it.

use serde::Deserialize;

use super::{error::Problem, scope::Scope, stack::Resource};

const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";

/// A route of an API.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Route {
    route_key: String,
    target: String,
}

/// What stands behind routes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Integration {
    integration_uri: String,
}

/// The routes that lead to the function with this logical name: `$connect` and so on.
pub(super) fn routes_to(scope: &Scope<'_>, function: &str) -> Result<Vec<String>, Problem> {
    let resources = &scope.stack.document.resources;
    let mut routes = Vec::new();
    for resource in resources.values().filter(|resource| resource.kind == ROUTE) {
        let route: Route = scope.properties(&resource.properties, &["RouteKey", "Target"])?;
        let undeclared = || Problem::Undeclared(route.target.clone());
        let name = route.target.strip_prefix("integrations/").ok_or_else(undeclared)?;
        let behind: &Resource = resources.get(name).ok_or_else(undeclared)?;
        if behind.kind != INTEGRATION {
            return Err(undeclared());
        }
        let behind: Integration = scope.properties(&behind.properties, &["IntegrationUri"])?;
        if behind.integration_uri.ends_with(&format!("/functions/{function}/invocations")) {
            routes.push(route.route_key);
        }
    }
    Ok(routes)
}
