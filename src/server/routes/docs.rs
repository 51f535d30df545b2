//! The OpenAPI document of what stands beside the handlers, and a page to read it.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response as Described, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::server::AppState;
use crate::server::error::ErrorAnswer;

/// Where the document is.
const DOCUMENT: &str = "/api/openapi.json";
/// Where the page is that shows it.
const PAGE: &str = "/api/docs";

/// What the document begins with. Every operation needs a log-in that does not say otherwise.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Mosaic",
        description = "One-to-one messaging for two matched people. JSON in, JSON out; timestamps are RFC 3339 in \
                       UTC. Fields unknown to the server are ignored. The frames of the WebSocket are described in \
                       `docs/PROTOCOL.md`."
    ),
    tags(
        (name = "accounts", description = "Sign-up, log-in, log-out and who am I."),
        (name = "people", description = "Others, and how well they match."),
        (name = "messages", description = "Writing, reading and the marks between."),
        (name = "operation", description = "What a supervisor and a dashboard ask.")
    ),
    components(schemas(ErrorAnswer)),
    security(("bearer" = []), ("sid" = []), ("__Host-sid" = [])),
    modifiers(&LogIns)
)]
pub struct Preface;

/// The ways to say who one is.
struct LogIns;

impl Modify for LogIns {
    fn modify(&self, document: &mut OpenApi) {
        // The crate names none, which is not the same as one without a name.
        document.info.license = None;
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The `token` of a log-in or sign-up."))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        for (name, when) in [("sid", "an `http`"), ("__Host-sid", "an `https`")] {
            let cookie =
                ApiKeyValue::with_description(name, &format!("The cookie of a log-in on {when} origin."));
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        }
    }
}

/// The document itself, written out once.
static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut document = super::described().merge(super::health::metrics_router()).into_openapi();
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            complete(operation, path, false);
        }
        for operation in [&mut item.post, &mut item.delete].into_iter().flatten() {
            complete(operation, path, true);
        }
    }
    let mut text = serde_json::to_value(&document).expect("a document of texts and numbers can be written");
    rename_link_fields(&mut text);
    text.to_string().into()
});

/// The library writes the fields of links in snake case; the specification has them in camel case.
fn rename_link_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(links)) = fields.get_mut("links") {
                for link in links.values_mut().filter_map(Value::as_object_mut) {
                    for (wrong, right) in [("operation_id", "operationId"), ("request_body", "requestBody")] {
                        if let Some(field) = link.remove(wrong) {
                            link.insert(right.to_owned(), field);
                        }
                    }
                }
            }
            fields.values_mut().for_each(rename_link_fields);
        }
        Value::Array(values) => values.iter_mut().for_each(rename_link_fields),
        _ => {}
    }
}

/// Adds what the guards and the extractors before a handler answer.
fn complete(operation: &mut Operation, path: &str, is_unsafe: bool) {
    let needs_log_in = operation.security.is_none();
    let has_body = operation.request_body.is_some();
    for (applies, status, description) in [
        (has_body, "400", "`bad_json`: the body is not JSON; `two_lengths`: its length is given twice."),
        (needs_log_in, "401", "`unauthenticated`: nobody is logged in."),
        (is_unsafe, "403", "`cross_site`: a browser sends this for another site."),
        (path.contains('{'), "404", "`not_found`: no such person, or an id that is none."),
        (has_body, "413", "`too_big`: the body is too big."),
        (true, "414", "`uri_too_long`: the address has more than 8 KiB."),
        (is_unsafe, "415", "`unsupported_media_type`: the body is not declared as JSON."),
        (has_body, "422", "`invalid`: a field is missing, wrong or out of range; `field` says which."),
        (true, "429", "`rate_limited`: too many requests of this person or from this address."),
        (true, "500", "`internal`: a fault of the server."),
        (true, "503", "`unavailable` or `timeout`: whether anything was written is unknown; try again."),
    ] {
        if applies {
            let answers = &mut operation.responses.responses;
            answers
                .entry(status.to_owned())
                .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
        }
    }
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer {
            refuse_as_always(status, answer);
        }
    }
}

/// All refusals have one shape, and those that may be repeated say when.
fn refuse_as_always(status: &str, answer: &mut Described) {
    if status.starts_with(['4', '5']) && answer.content.is_empty() {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
        answer.content.insert("application/json".to_owned(), body);
        if matches!(status, "429" | "503") {
            let seconds =
                HeaderBuilder::new().schema(Object::with_type(Type::Integer)).description(Some("Seconds."));
            answer.headers.insert("retry-after".to_owned(), seconds.build());
        }
    }
}

/// The document.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(document))
}

/// This document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "document",
    tag = "operation",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = Object))
)]
async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

/// The page, with the files it needs: they are part of this program.
pub fn page() -> Router<AppState> {
    // Without the setting it would ask a site of its maker to judge the document.
    let config = Config::new([DOCUMENT]).validator_url("none");
    Router::from(SwaggerUi::new(PAGE).config(config)).layer(from_fn(allow_page))
}

/// Swagger UI is drawn by its own script and style sheet, and its script writes markup with style attributes:
/// only here may a page have those.
async fn allow_page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                  connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}
