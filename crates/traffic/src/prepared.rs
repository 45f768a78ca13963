//! A service made ready for choosing: a picture that never changes. When members, policy, ejections or slow start do, the
//! next one takes its place. The steps of a choice are small and marked for inlining: calling them costs as much as they do.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::balance::{Round, Sequence, Turns};
use crate::candidates::{Candidates, Weighing};
use crate::plan::{Growth, Plan};
use crate::seat::Seat;
use crate::standing::Standing;
use crate::trace::{Notes, Step};
use crate::view::View;
use crate::{Caller, NoInstance, Question, Selector};

/// Most selectors for which what they leave is kept.
const VIEWS_MAX: usize = 64;

pub(crate) struct Prepared {
    pub(crate) plan: Arc<Plan>,
    /// All endpoints, in id order.
    pub(crate) service: Box<[Standing]>,
    pub(crate) protected: bool,
    /// Slow start, while it has an effect.
    pub(crate) growth: Option<Growth>,
    pub(crate) caller: Arc<Caller>,
    any: OnceLock<View>,
    views: RwLock<HashMap<Selector, Arc<View>>>,
}

/// A view, of this picture or shared.
enum Viewed<'p> {
    Any(&'p View),
    Selected(Arc<View>),
}

impl Prepared {
    pub(crate) fn new(
        plan: Arc<Plan>,
        service: Box<[Standing]>,
        protected: bool,
        growth: Option<Growth>,
        caller: Arc<Caller>,
    ) -> Self {
        Self {
            plan,
            service,
            protected,
            growth,
            caller,
            any: OnceLock::new(),
            views: RwLock::default(),
        }
    }

    pub(crate) fn choose<R: FnMut() -> u64>(
        &self,
        question: &Question<'_>,
        now: u64,
        (turns, sequence): (&Turns, &Sequence),
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> Result<Arc<Seat>, NoInstance> {
        let view = self.view(question.selector);
        if notes.wanted() {
            self.note_eligible(question, &view, notes);
        }
        if view.eligible == 0 {
            return Err(self.why_nobody());
        }
        let pool = view.part(self, question, random, notes);
        let whole = pool.place(random, notes)?;
        let untried = whole.untried(question.tried);
        if let Some((_, count)) = &untried {
            notes.add(|| Step::Tried(*count));
        }
        let (candidates, before) = match &untried {
            Some((untried, _)) => (untried, Some(whole)),
            None => (whole, None),
        };
        if notes.wanted() {
            note_weights(candidates, notes);
        }
        let round = Round {
            policy: &self.plan.policy.balancer,
            question,
            now,
            decay: self.plan.decay,
            growth: self.growth.as_ref(),
            service: &self.service,
            turns,
            sequence,
        };
        let chosen = round.choose(candidates, before, random, notes);
        notes.add(|| Step::Chosen(chosen.id().clone()));
        Ok(Arc::clone(&chosen.seat))
    }

    #[inline]
    fn view(&self, selector: Option<&Selector>) -> Viewed<'_> {
        match selector.filter(|selector| !selector.is_any()) {
            None => Viewed::Any(
                self.any
                    .get_or_init(|| View::new(&self.service, Selector::default(), &self.plan)),
            ),
            Some(selector) => self.selected(selector),
        }
    }

    fn selected(&self, selector: &Selector) -> Viewed<'_> {
        if let Some(view) = self.views.read().get(selector) {
            return Viewed::Selected(Arc::clone(view));
        }
        let view = View::new(&self.service, selector.clone(), &self.plan);
        let view = Arc::new(view);
        let mut views = self.views.write();
        if views.len() >= VIEWS_MAX {
            views.clear();
        }
        views.insert(selector.clone(), Arc::clone(&view));
        Viewed::Selected(view)
    }

    fn eligible(&self) -> usize {
        self.service.iter().filter(|one| one.eligible).count()
    }

    fn why_nobody(&self) -> NoInstance {
        if self.service.is_empty() {
            NoInstance::NoneKnown
        } else if self.eligible() == 0 {
            NoInstance::NoneEligible
        } else {
            NoInstance::NoneAsked
        }
    }

    fn note_eligible(&self, question: &Question<'_>, view: &View, notes: &mut Notes<'_>) {
        notes.add(|| Step::Eligible {
            eligible: self.eligible(),
            known: self.service.len(),
            protected: self.protected,
        });
        if question.selector.is_some_and(|selector| !selector.is_any()) {
            notes.add(|| Step::Asked {
                matching: view.eligible,
                eligible: self.eligible(),
            });
        }
    }
}

fn note_weights(candidates: &Candidates, notes: &mut Notes<'_>) {
    match candidates.weighing {
        Weighing::Plain => {}
        Weighing::LeftOut(count) => notes.add(|| Step::Idle(count)),
        Weighing::AllZero => notes.add(|| Step::AllIdle),
    }
}

impl Deref for Viewed<'_> {
    type Target = View;

    fn deref(&self) -> &View {
        match self {
            Self::Any(view) => view,
            Self::Selected(view) => view,
        }
    }
}
