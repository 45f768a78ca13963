//! Tokens and what they allow.

use paste_engine::{Caller, Clock, EngineError, SystemClock};
use paste_model::{Role, Scope, ServiceName, Timestamp, TokenId};

use crate::harness::{House, key, registration, service};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_sent_is_always_checked() {
    let house = House::new().await;
    let engine = &house.engine;
    let code = |result: Result<Caller, EngineError>| result.expect_err("refused").code();
    assert_eq!(code(engine.authenticate(None, false)), "unauthenticated");
    assert!(engine.authenticate(None, true).is_ok());
    assert_eq!(
        code(engine.authenticate(Some("prt_nonsense"), true)),
        "unauthenticated"
    );

    let admin = Caller::anonymous();
    let id = TokenId::new("ci").expect("valid");
    let grants = || {
        vec![paste_model::Grant {
            role: Role::Admin,
            namespace: None,
            scope: Scope::Prefix(String::new()),
        }]
    };
    let (_, secret) = engine
        .create_token(&admin, id.clone(), grants(), None)
        .await
        .expect("new");
    assert!(secret.starts_with("prt_") && secret.len() == 47, "256 bits");
    let caller = engine.authenticate(Some(&secret), false).expect("valid");
    assert_eq!(caller.principal().as_str(), "token:ci");
    let twice = engine
        .create_token(&admin, id.clone(), grants(), None)
        .await;
    assert_eq!(twice.expect_err("taken").code(), "token-exists");

    engine.delete_token(&caller, &id).await.expect("there");
    assert_eq!(
        code(engine.authenticate(Some(&secret), true)),
        "unauthenticated"
    );
    assert_eq!(
        engine
            .delete_token(&admin, &id)
            .await
            .expect_err("gone")
            .code(),
        "unknown-token"
    );

    let soon = Timestamp(SystemClock.wall().0 + 200);
    let (_, secret) = engine
        .create_token(&admin, id, grants(), Some(soon))
        .await
        .expect("new");
    while engine.authenticate(Some(&secret), true).is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(SystemClock.wall() >= soon, "not before its end");
    assert_eq!(
        code(engine.authenticate(Some(&secret), true)),
        "unauthenticated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_token_can_be_bound_to_one_service() {
    let house = House::new().await;
    let engine = &house.engine;
    let one = Scope::Service(ServiceName::new("pay").expect("valid"));
    let caller = house.holder("pay", Role::Register, one).await;
    engine
        .register(&caller, key("pay", "1"), registration(80, None), None)
        .await
        .expect("its own");
    for refused in [
        engine
            .register(&caller, key("payments", "1"), registration(80, None), None)
            .await
            .map(drop),
        engine
            .put_service(&caller, &service("pay"), Default::default(), None)
            .await
            .map(drop),
        engine
            .put_override(
                &caller,
                &key("pay", "1"),
                Default::default(),
                "".into(),
                None,
            )
            .await
            .map(drop),
        engine.tokens(&caller).map(drop),
        engine
            .events(&caller, &service("orders"), None, 1)
            .await
            .map(drop),
    ] {
        assert_eq!(refused.expect_err("out of scope").code(), "forbidden");
    }
}
