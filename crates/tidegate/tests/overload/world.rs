//! A gateway with overload control between callers and servers, played in virtual time. Never here: what is expected of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tidegate::overload::{Asking, Bounds, Call, Heard, Held, Mode, Overload, Server, Settings, Shed};
use tidegate::store::Secret;
use tidegate_core::Time;

use crate::api::Api;
use crate::callers::{Became, Chance, Stream};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize),
    Done(usize),
    TimesOut(usize),
}

/// A call that the gateway let through.
#[derive(Debug)]
struct Sent {
    stream: usize,
    server: usize,
    began: Time,
    /// Until the answer, or the timeout: then the server may still work on it, for nobody.
    open: Option<(Call, Held)>,
}

/// What was seen of the whole in a tenth of a second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) well: u64,
    pub(crate) refused: u64,
    pub(crate) limit: u32,
}

pub(crate) struct World {
    pub(crate) apis: Vec<Api>,
    pub(crate) streams: Vec<Stream>,
    /// What became of each stream's calls since [`World::forget`].
    pub(crate) became: Vec<Became>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) servers: Vec<Server>,
    pub(crate) overload: Overload,
    mode: Mode,
    now: Time,
    chance: Chance,
    secret: Secret,
    events: BinaryHeap<Reverse<(Time, u64, Event)>>,
    sent: Vec<Sent>,
    born: u64,
}

/// How long the gateway waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(2);

impl World {
    /// `apis` servers with so many workers each.
    pub(crate) fn new(seed: u64, apis: usize, workers: usize, mode: Mode) -> World {
        let overload = Overload::new(Settings { mode, ..Settings::default() });
        World {
            apis: (0..apis).map(|_| Api::new(workers)).collect(),
            servers: (0..apis).map(|_| overload.server(Bounds::default())).collect(),
            streams: Vec::new(),
            became: Vec::new(),
            moments: Vec::new(),
            overload,
            mode,
            now: Time::from_secs(1000),
            chance: Chance::new(seed),
            secret: Secret::new([seed, 1]),
            events: BinaryHeap::new(),
            sent: Vec::new(),
            born: 0,
        }
    }

    pub(crate) fn offer(&mut self, stream: Stream) -> usize {
        self.streams.push(stream);
        self.became.push(Became::default());
        let number = self.streams.len() - 1;
        self.plan_arrival(number);
        number
    }

    /// A stream comes at another rate from now on; a rate of 0 is one call in a day.
    pub(crate) fn change_rate(&mut self, stream: usize, per_second: f64) {
        self.streams[stream].per_second = per_second;
        self.events.retain(|Reverse((_, _, event))| *event != Event::Arrives(stream));
        self.plan_arrival(stream);
    }

    /// Counts from now on.
    pub(crate) fn forget(&mut self) {
        self.became.fill(Became::default());
        self.moments.clear();
    }

    pub(crate) fn run(&mut self, seconds: f64) {
        let end = self.now.later(Duration::from_secs_f64(seconds));
        while self.now < end {
            let until = self.now.later(Duration::from_millis(100)).min(end);
            self.moments.push(Moment::default());
            while let Some(&Reverse((at, _, event))) = self.events.peek().filter(|next| next.0.0 <= until) {
                self.events.pop();
                self.now = at;
                self.happens(event);
            }
            self.now = until;
            let limit = self.limit();
            if let Some(moment) = self.moments.last_mut() {
                moment.limit = limit;
            }
        }
    }

    /// What the servers can do, in calls of 100 ms a second.
    pub(crate) fn capacity(&self) -> f64 {
        self.apis.iter().map(|api| 10.0 * api.workers as f64).sum()
    }

    /// What they did since [`World::forget`], as a share of that.
    pub(crate) fn goodput(&self) -> f64 {
        let well: u64 = self.moments.iter().map(|moment| moment.well).sum();
        well as f64 / (0.1 * self.moments.len() as f64) / self.capacity()
    }

    /// Prints what was seen, for `--nocapture`.
    pub(crate) fn say(&self, title: &str) {
        let limits = self.moments.iter().map(|moment| moment.limit);
        let (least, most) = (limits.clone().min().unwrap_or(0), limits.max().unwrap_or(0));
        println!("{title}: goodput {:.3} of capacity, limit {least} to {most}", self.goodput());
        for (stream, became) in self.streams.iter().zip(&self.became) {
            let [median, p99] = [0.5, 0.99].map(|share| 1000.0 * became.quantile(share));
            let lost = 100.0 * became.lost();
            println!(
                "    {:<10} {:>7} offered, {lost:>7.3} % refused, {:>5} failed, {median:>4.0} ms median, {p99:>4.0} ms p99",
                stream.name, became.offered, became.failed,
            );
        }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.servers.iter().map(Server::limit).sum()
    }

    fn plan(&mut self, seconds: f64, event: Event) {
        self.born += 1;
        let at = self.now.later(Duration::from_secs_f64(seconds));
        self.events.push(Reverse((at, self.born, event)));
    }

    fn plan_arrival(&mut self, stream: usize) {
        let mean = 1.0 / self.streams[stream].per_second.max(1.0 / 86_400.0);
        let gap = self.chance.exponential(mean);
        self.plan(gap, Event::Arrives(stream));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives(stream) => {
                self.plan_arrival(stream);
                self.arrives(stream);
            }
            Event::Done(call) => {
                let server = self.sent[call].server;
                self.apis[server].done();
                let fails = self.chance.share() < self.apis[server].failing;
                self.closes(call, !fails);
                self.work(server);
            }
            Event::TimesOut(call) => self.closes(call, false),
        }
    }

    fn arrives(&mut self, number: usize) {
        let stream = &self.streams[number];
        let caller = [number, self.chance.below(stream.keys)].map(usize::to_le_bytes).concat();
        let asking = Asking {
            key: self.secret.key(&caller),
            class: stream.class,
            cost: stream.cost,
            in_flight: self.servers.iter().map(Server::in_flight).sum(),
            limit: self.limit(),
        };
        self.became[number].offered += 1;
        match self.overload.admit(self.now, &asking) {
            Shed::Pass(held) | Shed::Would(held, _) => match self.pick() {
                Some(server) => return self.send(number, server, held),
                None => drop(self.overload.refuse(self.now, &asking)),
            },
            Shed::Refuse(_) => {}
        }
        self.became[number].refused += 1;
        self.moments.last_mut().expect("the world runs").refused += 1;
    }

    /// The less loaded of two servers with room, if there are any.
    fn pick(&mut self) -> Option<usize> {
        let room = |server: &usize| {
            let server = &self.servers[*server];
            self.mode != Mode::On || server.in_flight() < server.limit()
        };
        let open: Vec<usize> = (0..self.servers.len()).filter(room).collect();
        let drawn = [(); 2].map(|()| (!open.is_empty()).then(|| open[self.chance.below(open.len())]));
        drawn.into_iter().flatten().min_by_key(|server| self.servers[*server].in_flight())
    }

    fn send(&mut self, stream: usize, server: usize, held: Held) {
        let open = Some((self.servers[server].began(self.now), held));
        self.sent.push(Sent { stream, server, began: self.now, open });
        let call = self.sent.len() - 1;
        if self.apis[server].has_fallen_over() {
            return self.closes(call, false);
        }
        self.plan(TIMEOUT.as_secs_f64(), Event::TimesOut(call));
        self.apis[server].take(call);
        self.work(server);
    }

    /// Free workers take up what is in line.
    fn work(&mut self, server: usize) {
        while let Some((call, slower)) = self.apis[server].next() {
            let takes = self.streams[self.sent[call].stream].takes;
            // Between a half and one and a half times the usual.
            let seconds = takes * slower * (0.5 + self.chance.share());
            self.plan(seconds, Event::Done(call));
        }
    }

    /// The gateway hears of a call, unless it has given it up.
    fn closes(&mut self, call: usize, well: bool) {
        let sent = &mut self.sent[call];
        let Some((open, _held)) = sent.open.take() else { return };
        let took = self.now.since(sent.began);
        let kind = self.streams[sent.stream].kind;
        let became = &mut self.became[sent.stream];
        if well {
            became.took.push(took.as_secs_f64());
            self.moments.last_mut().expect("the world runs").well += 1;
            open.heard(self.now, Heard::Well { kind, took });
        } else {
            became.failed += 1;
            open.heard(self.now, Heard::Failed);
        }
    }
}
