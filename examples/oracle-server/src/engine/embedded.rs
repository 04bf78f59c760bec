//! The embedded engine: a small classifier by weighted words, the same answer for the same text.

use async_trait::async_trait;

use super::{Classification, Engine, EngineError};

/// Categories with the words that speak for them, and how loudly; the first of equals wins.
const CATEGORIES: &[(&str, &[(&str, u32)], &str)] = &[
    (
        "cancellation",
        &[
            ("cancel", 5),
            ("unsubscribe", 5),
            ("terminate", 4),
            ("stop", 2),
            ("quit", 2),
            ("refund", 2),
        ],
        "I can cancel that for you. Please confirm {subject}.",
    ),
    (
        "complaint",
        &[
            ("broken", 4),
            ("terrible", 4),
            ("angry", 4),
            ("worst", 4),
            ("fail", 3),
            ("wrong", 3),
            ("late", 2),
            ("bad", 2),
            ("not", 1),
        ],
        "I am sorry to hear that. I have passed on what you said about {subject}.",
    ),
    (
        "order",
        &[
            ("order", 3),
            ("buy", 4),
            ("purchase", 4),
            ("deliver", 3),
            ("ship", 3),
            ("invoice", 3),
            ("price", 2),
        ],
        "Thank you. I have noted your order about {subject}.",
    ),
    (
        "praise",
        &[
            ("thank", 3),
            ("great", 3),
            ("love", 3),
            ("wonderful", 4),
            ("perfect", 3),
            ("good", 2),
        ],
        "That is kind of you. I am glad about {subject}.",
    ),
    (
        "greeting",
        &[
            ("hello", 3),
            ("hi", 3),
            ("morning", 2),
            ("evening", 2),
            ("hey", 3),
        ],
        "Hello. What would you like to know about {subject}?",
    ),
    (
        "question",
        &[
            ("what", 2),
            ("why", 2),
            ("how", 2),
            ("when", 2),
            ("where", 2),
            ("who", 2),
            ("which", 2),
            ("can", 1),
            ("?", 2),
        ],
        "Good question. The signs are favourable for {subject}.",
    ),
];

/// What a text is that no word speaks for.
const OTHER: (&str, &str) = ("other", "I see. Tell me more about {subject}.");

/// The embedded engine; needs nothing and never fails.
#[derive(Debug, Default)]
pub(crate) struct EmbeddedEngine;

impl EmbeddedEngine {
    fn answer(text: &str) -> Classification {
        let words = words(text);
        let (category, template) = category(&words, text.contains('?'));
        let reply = template.replace("{subject}", &subject(&words));
        // As usual for language models: about four characters a token, question and answer both paid for.
        let characters = text.chars().count() + reply.chars().count();
        Classification {
            category: category.to_owned(),
            tokens_used: characters.div_ceil(4) as u64,
            reply,
        }
    }
}

#[async_trait]
impl Engine for EmbeddedEngine {
    async fn classify(&self, text: &str) -> Result<Classification, EngineError> {
        Ok(Self::answer(text))
    }

    async fn reachable(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn category(words: &[String], asks: bool) -> (&'static str, &'static str) {
    let score = |cues: &[(&str, u32)]| -> u32 {
        let spoken: u32 = words
            .iter()
            .filter_map(|word| cues.iter().find(|(cue, _)| matches(word, cue)))
            .map(|(_, weight)| weight)
            .sum();
        let asked = cues.iter().find(|(cue, _)| asks && *cue == "?");
        spoken + asked.map_or(0, |(_, weight)| *weight)
    };
    let mut best = (0, OTHER);
    for (name, cues, reply) in CATEGORIES {
        let found = score(cues);
        if found > best.0 {
            best = (found, (name, reply));
        }
    }
    best.1
}

/// Whether a word is the cue, or (for cues of four letters and more) an inflection of it.
fn matches(word: &str, cue: &str) -> bool {
    word == cue || (cue.len() >= 4 && word.starts_with(cue) && word.len() <= cue.len() + 4)
}

/// What the text is about: its longest word, the last of equals; numbers count as words.
fn subject(words: &[String]) -> String {
    words
        .iter()
        .max_by_key(|word| word.chars().count())
        .map_or_else(|| "that".to_owned(), |word| format!("“{word}”"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, category: &str, about: &str) {
        let answer = EmbeddedEngine::answer(text);
        assert_eq!(answer.category, category, "{text}");
        assert!(answer.reply.contains(about), "{}", answer.reply);
        assert!(answer.tokens_used > 0);
        assert_eq!(
            answer,
            EmbeddedEngine::answer(text),
            "the same text, the same answer"
        );
    }

    #[test]
    fn category_and_reply_depend_on_the_text() {
        check("please cancel my order 42", "cancellation", "cancel");
        check("what is the weather in Delphi?", "question", "weather");
        check("Hello there", "greeting", "there");
        check(
            "this is terrible, it arrived broken",
            "complaint",
            "terrible",
        );
        check("I want to buy twelve amphorae", "order", "amphorae");
        check("thank you, that was great", "praise", "great");
        check("blue stones", "other", "stones");
        check("…", "other", "that");
        check("Ελλάδα", "other", "ελλάδα");
    }

    #[test]
    fn longer_texts_cost_more() {
        let cost = |text: &str| EmbeddedEngine::answer(text).tokens_used;
        assert!(cost(&"why? ".repeat(100)) > cost("why?"));
    }
}
