//! Access tokens. A secret is in exactly one answer: the one that tells that the token was made.

use http::StatusCode;
use http::header::CACHE_CONTROL;
use paste_api::{Grant, NewToken, Token, TokenList, TokenSettings};
use paste_model::TokenId;

use super::answer::{self, Answered};
use super::call::{self, Call};
use super::failure::Failure;

fn named(name: &str) -> Result<TokenId, Failure> {
    TokenId::new(name).map_err(|error| call::path("token", error))
}

/// Lists tokens.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "listTokens",
    tag = "operate",
    summary = "All tokens, in name order, without their secrets",
    responses((status = 200, description = "The tokens", body = TokenList)),
)]
pub(super) fn list(mut call: Call) -> Answered {
    call.finish_query()?;
    let tokens = call.engine().tokens(&call.caller)?;
    answer::ok(&TokenList {
        tokens: tokens.iter().map(|token| Token::from(&**token)).collect(),
    })
}

/// Makes a token.
#[utoipa::path(
    put,
    path = "/api/v1/tokens/{token}",
    operation_id = "createToken",
    tag = "operate",
    summary = "Make a token; its secret is shown this once",
    params(("token" = String, Path, description = "The token's public name")),
    request_body(content = TokenSettings, content_type = "application/json"),
    responses(
        (status = 201, description = "The token with its secret", body = NewToken),
        (status = 409, description = "`token-exists`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(mut call: Call, name: &str) -> Answered {
    let name = named(name)?;
    call.finish_query()?;
    call.unconditional()?;
    let settings = call.json::<TokenSettings>().await?;
    let (grants, expires) = (settings.grants()?, settings.expires.map(Into::into));
    let (token, secret) = call
        .engine()
        .create_token(&call.caller, name, grants, expires)
        .await?;
    let new = NewToken {
        name: token.id.to_string(),
        secret,
        grants: token.grants.iter().map(Grant::from).collect(),
        expires: token.expires.map(Into::into),
    };
    let mut response = answer::json_of(StatusCode::CREATED, &new);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Makes a token.
#[utoipa::path(
    post,
    path = "/api/v1/tokens/{token}",
    operation_id = "createTokenByPost",
    tag = "operate",
    summary = "The same as PUT: a token is made once, and never replaced",
    params(("token" = String, Path, description = "The token's public name")),
    request_body(content = TokenSettings, content_type = "application/json"),
    responses(
        (status = 201, description = "The token with its secret", body = NewToken),
        (status = 409, description = "`token-exists`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create_by_post(call: Call, name: &str) -> Answered {
    create(call, name).await
}

/// Deletes a token.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{token}",
    operation_id = "deleteToken",
    tag = "operate",
    summary = "Delete a token: it is refused from then on",
    params(("token" = String, Path, description = "The token's public name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-token`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, name: &str) -> Answered {
    let name = named(name)?;
    call.finish_query()?;
    call.unconditional()?;
    call.engine().delete_token(&call.caller, &name).await?;
    answer::nothing()
}
