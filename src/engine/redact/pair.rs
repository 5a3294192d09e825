//! What stands beside a name in a text: `key=value`, `key: value`, parameters of URLs, and the URLs themselves.

use std::ops::Range;
use std::sync::Arc;

use crate::engine::detect::Site;
use crate::engine::policy::Action;
use crate::engine::scan::classify::{classes, leading};
use crate::engine::scan::pairs::{Join, LONG_VALUE_BYTES, Pair, pair_at};
use crate::engine::scan::url::{Url, url_at};
use crate::engine::scan::view::{Level, View, has_percent_escape, percent_decode};
use crate::limits::PERCENT_DEPTH_MAX;

use super::field::Layout;
use super::fixed::{self, Fixed};
use super::found::Place;
use super::parts::Parts;
use super::paths::{Decision, PathIndex};
use super::scanner::{Context, Scanner, Spot};
use super::text::{TEXT_BYTES_MIN, percent_levels};

impl Scanner {
    /// URLs and pairs.
    pub(super) fn pairs(&mut self, cx: &Context<'_>, view: &View<'_>, spot: Spot, parts: &mut Parts) {
        let text = view.text;
        let (mut resume, mut url_end, mut value_end) = (0, 0, 0);
        for sign in memchr::memchr2_iter(b':', b'=', text) {
            if sign < resume || parts.is_done(sign) {
                continue;
            }
            if text[sign..].starts_with(b"://")
                && let Some(url) = url_at(text, sign, resume, url_end)
            {
                self.url(cx, view, spot.path, parts, sign, url);
                url_end = url.reach;
                resume = url.authority_end;
            } else if let Some(pair) = pair_at(text, sign, parts.floor(sign), value_end) {
                // A value inside a long one was looked at with it.
                let inner = sign < value_end && pair.end > pair.start + LONG_VALUE_BYTES;
                value_end = value_end.max(pair.reach);
                if inner {
                    continue;
                }
                resume = self.pair(cx, view, spot, parts, pair).max(resume);
            }
        }
    }

    fn url(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        path: PathIndex,
        parts: &mut Parts,
        colon: usize,
        url: Url,
    ) {
        parts.url(url.start..url.end);
        parts.border(url.authority);
        parts.border(url.authority_end);
        let spot = Spot::new(path, Place::Text).in_url(true);
        let hints = self.hints(path);
        let site = Site { text: view.text, part: url.start..url.end, floor: 0, at: colon, key: b"", hints };
        for index in 0..cx.dispatch.urls.len() {
            let detector = cx.dispatch.urls[index];
            self.try_detector(cx, view, spot, &site, detector);
        }
        if let Some(at_sign) = url.at_sign {
            parts.skip(url.authority..at_sign + 1);
        }
    }

    /// One pair. Returns where its value ends if nothing in it is left to be looked at, else 0.
    fn pair(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        parts: &mut Parts,
        mut pair: Pair,
    ) -> usize {
        let text = view.text;
        let mut done = 0;
        let key = &text[pair.key_start..pair.key_end];
        let child = self.paths.child(cx, spot.path, key);
        let decision = Arc::clone(self.paths.decision(child));
        let in_query = pair.join == Join::Query;
        let inside = Spot { path: child, place: Place::Text, in_url: spot.in_url };
        let inside = inside.in_url(in_query || parts.in_url(pair.start));
        if !decision.fields.is_empty() {
            extend_value(text, &mut pair, decision.layout, parts);
            // A document or an earlier replacement that the value begins with has blanks and quotes in it.
            while let Some(done) = parts.done_until(pair.end.max(pair.start + 1) - 1)
                && done > pair.end
            {
                pair.end = pair.end_after(text, done);
            }
        }
        let value = pair.start..pair.end;
        parts.hint(value.clone(), decision.hints);
        if in_query {
            parts.border(pair.start);
            parts.border(pair.end);
            parts.url(value.clone());
        }
        if !value.is_empty() {
            let encoded = in_query
                && has_percent_or_plus(&text[value.clone()])
                && percent_levels(view) < PERCENT_DEPTH_MAX;
            let is_field = !decision.fields.is_empty() && is_field(text, &pair, &decision);
            if is_field && !encoded {
                let field = Spot { place: Place::Pair, ..inside };
                self.field(cx, view, field, &decision, value.clone());
            }
            self.pair_detectors(cx, view, inside, &decision, parts, pair);
            let outer = self.paths.decision(spot.path);
            if encoded {
                if let Some(mut decoded) = self.take_decoded(value.len()) {
                    percent_decode(&text[value.clone()], true, &mut decoded);
                    let inner = view.decoded(pair.start, &decoded, Level::Percent);
                    if is_field {
                        // Decoded, so that one address has one ID however it is written.
                        let field = Spot { place: Place::Pair, ..inside };
                        self.field(cx, &inner, field, &decision, 0..inner.text.len());
                    }
                    self.text(cx, &inner, classes(inner.text), inside);
                    self.give_decoded(decoded);
                }
                done = value.end;
                parts.skip(value);
            } else if decision.scoped.len() > outer.scoped.len() || decision.spared.len() > outer.spared.len()
            {
                let inner = view.slice(pair.start, pair.end);
                self.text(cx, &inner, classes(inner.text), inside);
                done = value.end;
                parts.skip(value);
            }
        }
        self.paths.leave(child);
        done
    }

    /// What detectors of pairs say of one value.
    fn pair_detectors(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        decision: &Decision,
        parts: &Parts,
        pair: Pair,
    ) {
        let text = view.text;
        if !decision.pairs.is_empty() && pair.end - pair.start >= TEXT_BYTES_MIN && !parts.is_done(pair.start)
        {
            let key = &text[pair.key_start..pair.key_end];
            let site = Site {
                text,
                part: 0..pair.end,
                floor: parts.floor(pair.start),
                at: pair.start,
                key,
                hints: decision.hints,
            };
            for &detector in &decision.pairs {
                self.try_detector(cx, view, spot, &site, detector);
            }
        }
    }

    /// Notes the field rules of `decision` for a value that is a range of the view's text.
    pub fn field(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        decision: &Decision,
        value: Range<usize>,
    ) {
        for part in decision.layout.parts(&view.text[value.clone()]) {
            let part = value.start + part.start..value.start + part.end;
            let text = &view.text[part.clone()];
            if text.trim_ascii().is_empty() || (spot.in_url && text == super::action::IN_URL.as_bytes()) {
                continue;
            }
            let fixed = fixed::whole(cx.policy, cx.ring, text);
            for hit in &decision.fields {
                let rule = &cx.policy.rules[usize::from(hit.rule)];
                match fixed {
                    Some(Fixed::Placeholder) => continue,
                    // A genuine ID is spared by what would make an ID of it; a stricter rule still acts.
                    Some(Fixed::Id) if rule.action.strictness() <= Action::Correlate.strictness() => continue,
                    _ => {}
                }
                if is_stand_in(text) && matches!(rule.action, Action::Mask) {
                    continue;
                }
                self.note(cx, view, spot, part.clone(), hit.rule, None);
            }
        }
    }
}

fn has_percent_or_plus(value: &[u8]) -> bool {
    memchr::memchr(b'+', value).is_some() || has_percent_escape(value)
}

/// Values that stand for a secret and are none.
fn is_stand_in(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let repeated = |byte: u8| value.len() >= 3 && value.iter().all(|b| *b == byte);
    let enclosed = |open: &[u8], close: &[u8]| {
        value.len() > open.len() + close.len()
            && value.starts_with(open)
            && value.ends_with(close)
            && value[open.len()..value.len() - close.len()]
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ' | b':'))
    };
    repeated(b'*')
        || repeated(b'x')
        || repeated(b'X')
        || repeated(b'.')
        || enclosed(b"${", b"}")
        || enclosed(b"{{", b"}}")
        || enclosed(b"<", b">")
        || enclosed(b"$(", b")")
}

/// Whether a pair in a text is a field, or prose that has the shape of one.
fn is_field(text: &[u8], pair: &Pair, decision: &Decision) -> bool {
    let value = &text[pair.start..pair.end];
    let word = |w: &str| value.eq_ignore_ascii_case(w.as_bytes());
    if ["null", "nil", "none", "undefined", "true", "false"].into_iter().any(word) {
        return false;
    }
    match pair.join {
        Join::Tight | Join::Query | Join::Quoted => true,
        Join::Loose if decision.layout != Layout::Whole => true,
        Join::Loose => {
            // `token: expected a name` goes on in words; `password: hunter` is where the line ends.
            let letters = value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'\'' | b'-'));
            let humps =
                value[1..].iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
            let rest = &text[pair.end..];
            let next = rest.iter().find(|b| !matches!(b, b' ' | b'\t'));
            let goes_on = rest.first().is_some_and(|b| matches!(b, b' ' | b'\t'))
                && next.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b'\'' | b'"' | b'='));
            let code =
                matches!(value[0], b'(' | b'[' | b'{') || value.ends_with(b"(") || value.ends_with(b"()");
            !code && (!letters || humps || !goes_on)
        }
    }
}

/// Values that are longer than a word: `Bearer abc`, all cookies of a header.
fn extend_value(text: &[u8], pair: &mut Pair, layout: Layout, parts: &mut Parts) {
    let stop = |b: &u8| matches!(b, b'"' | b'\'' | b'\r' | b'\n' | b'\\' | b'`' | b'<' | b'>');
    if pair.join == Join::Query || text.get(pair.end).is_none_or(|b| matches!(b, b'"' | b'\'')) {
        return;
    }
    match layout {
        Layout::Whole => {}
        Layout::Authorization => {
            let gap = leading(&text[pair.end..], |b| *b == b' ');
            let after = pair.end + gap;
            let token = leading(&text[after..], |b| !b.is_ascii_whitespace() && !stop(b) && *b != b',');
            if gap > 0
                && token > 0
                && text[pair.start..pair.end].iter().all(|b| b.is_ascii_alphabetic() || *b == b'-')
            {
                pair.end = after + token;
            }
        }
        // A cookie inside of a cookie ends with it. That was seen, and is not looked for from each `Cookie:` of a line of them.
        Layout::Cookie if pair.start >= parts.cookies_end => {
            pair.end += leading(&text[pair.end..], |b| !stop(b));
            parts.cookies_end = pair.end;
        }
        // Of what is set only the first pair is a value.
        Layout::SetCookie if pair.start >= parts.set_cookie_end => {
            if !text[pair.start..pair.end].contains(&b';') {
                pair.end += leading(&text[pair.end..], |b| !stop(b) && *b != b';');
            }
            parts.set_cookie_end = pair.end;
        }
        Layout::Cookie | Layout::SetCookie => {}
    }
}
