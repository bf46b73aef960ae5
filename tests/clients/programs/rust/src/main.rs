//! Asks STS who we are, once for each line of standard input; every answer is one line of JSON.
//!
//! Configuration and providers are made once and kept, as in a program that runs for long; only
//! the role credentials are fetched anew for each question.

use aws_config::BehaviorVersion;
use aws_sdk_sts::config::IdentityCache;
use aws_sdk_sts::error::DisplayErrorContext;
use serde_json::json;
use std::io::BufRead;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let profile = std::env::args().nth(1).unwrap_or_default();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .identity_cache(IdentityCache::no_cache());
    if !profile.is_empty() {
        loader = loader.profile_name(profile);
    }
    let sts = aws_sdk_sts::Client::new(&loader.load().await);
    for _ in std::io::stdin().lock().lines() {
        let told = match sts.get_caller_identity().send().await {
            Ok(who) => json!({ "account": who.account() }),
            Err(error) => json!({ "error": "SdkError", "message": DisplayErrorContext(&error).to_string() }),
        };
        println!("{told}");
    }
}
