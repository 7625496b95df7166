//! The plain case: an answer's body goes out as it is. Never here: what is in it.

use super::ledger::Then;
use super::run::{HELD, Job, Order, Run};
use super::stop::Stop;

/// Calls the URL and passes its body on, part by part; or as a whole, where parts of others could come between.
pub(crate) async fn pass(run: &Run, job: &Job) -> Result<(), Stop> {
    let mut answer = run.caller.call(&job.url, &job.url).await?;
    if run.order == Order::AsTheyCome && run.abreast > 1 {
        let whole = answer.whole(run.max_body.unwrap_or(HELD)).await?;
        return job.put(whole, 0, Then::Done).await;
    }
    while let Some(part) = answer.part(run.max_body).await? {
        job.put_part(part).await?;
    }
    job.put("", 0, Then::Done).await
}
