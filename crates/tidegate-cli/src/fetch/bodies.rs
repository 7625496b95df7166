//! The plain case: an answer's body goes out as it is; of several, each ends its last line. Never here: what is in it.

use bytes::Bytes;

use super::ledger::Then;
use super::run::{HELD, Job, Order, Run};
use super::stop::Stop;

/// Calls the URL and passes its body on, part by part; or as a whole, where parts of others could come between.
pub(crate) async fn pass(run: &Run, job: &Job) -> Result<(), Stop> {
    let mut answer = run.caller.call(&job.url, &job.url).await?;
    if run.order == Order::AsTheyCome && run.abreast > 1 {
        let whole = answer.whole(run.max_body.unwrap_or(HELD)).await?;
        let end = missing_end(run, whole.last());
        let whole = if end.is_empty() { whole } else { Bytes::from([&whole[..], end].concat()) };
        return job.put(whole, 0, Then::Done).await;
    }
    let mut last = None;
    while let Some(part) = answer.part(run.max_body).await? {
        last = part.last().copied().or(last);
        job.put_part(part).await?;
    }
    job.put(missing_end(run, last.as_ref()), 0, Then::Done).await
}

/// The line end that keeps a body that ends so from the next one; a single body stays byte for byte.
fn missing_end(run: &Run, last: Option<&u8>) -> &'static [u8] {
    match last {
        Some(last) if *last != b'\n' && run.targets.count() > 1 => b"\n",
        _ => b"",
    }
}
