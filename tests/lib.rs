//! What all functions promise together.

use carehub_api::Routes;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, Info, License, OpenApi as Document, Ref, ResponseBuilder,
        path::Operation,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

/// The HTTP functions: their names in the template, and their routes.
pub fn functions() -> Vec<(&'static str, Routes)> {
    vec![
        ("accounts", accounts::routes()),
        ("appointments", appointments::routes()),
        ("auth", auth::routes()),
        ("consultations", consultations::routes()),
        ("doctors", doctors::routes()),
        ("hospitals", hospitals::routes()),
        ("notifications", notifications::routes()),
        ("patients", patients::routes()),
        ("platform", platform::routes()),
        ("prescriptions", prescriptions::routes()),
        ("recommendations", recommendations::routes()),
        ("records", records::routes()),
    ]
}

/// The OpenAPI document of the hub.
pub fn document() -> Document {
    let mut document = accounts::Api::openapi();
    document.merge(appointments::Api::openapi());
    document.merge(auth::Api::openapi());
    document.merge(consultations::Api::openapi());
    document.merge(doctors::Api::openapi());
    document.merge(hospitals::Api::openapi());
    document.merge(notifications::Api::openapi());
    document.merge(patients::Api::openapi());
    document.merge(platform::Api::openapi());
    document.merge(prescriptions::Api::openapi());
    document.merge(recommendations::Api::openapi());
    document.merge(records::Api::openapi());
    name_operations(&mut document);

    let mut info = Info::new("CareHub", env!("CARGO_PKG_VERSION"));
    info.description = Some(include_str!("api.md").to_owned());
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document.info = info;
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    document
}

/// Documents what every operation answers that is not open to all.
fn demand_sign_in(operation: &mut Operation) {
    operation.responses.responses.entry("401".to_owned()).or_insert_with(|| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description("Nobody is signed in.");
        response.content("application/json", problem).build().into()
    });
}

/// Names every operation by its method and path, as the names of handlers repeat.
fn name_operations(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let words = path.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !matches!(*word, "" | "api")).collect();
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some([&[method], words.as_slice()].concat().join("_"));
                if operation.security.is_none() {
                    demand_sign_in(operation);
                }
            }
        }
    }
}
