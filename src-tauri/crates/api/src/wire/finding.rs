//! Finding things on the map: the filter, and questions about what hangs on what.

use super::wire;

wire! {
    /// Asks which objects a filter means, in the lens shown (`namespaces` or `nodes`), now or at an instant of the past.
    FilterRequest { query: String, lens: String, at: Option<String> }
    /// What a filter means. Where it has mistakes nothing was filtered.
    FilterView {
        /// As it was asked.
        query: String,
        /// The houses of the lens at which matching objects stand.
        houses: Vec<String>,
        /// How many objects match, and how many of those stand at no house.
        objects: u32, elsewhere: u32,
        kinds: Vec<KindCount>, mistakes: Vec<MistakeView>,
    }
    /// How many objects of a kind.
    KindCount { kind: String, count: u32 }
    /// What cannot be read: from where to where, in UTF-16 units as the screen counts them.
    MistakeView { from: u32, to: u32, message: String, hint: String }
    /// Asks what may be written at a place of a filter, in UTF-16 units.
    CompleteRequest { query: String, cursor: u32, at: Option<String> }
    /// What may be written: the text from `from` to `to` is replaced.
    CompletionView { from: u32, to: u32, offers: Vec<OfferedText> }
    /// One thing that may be written.
    OfferedText { text: String, about: String }
    /// A field a filter may ask for.
    FieldView { name: String, also: Vec<String>, signs: Vec<String>, about: String, example: String }
    /// Asks who is reached from an object along the calls within so many steps (0 takes three, ten at most).
    ReachRequest { id: String, hops: u32, at: Option<String> }
    /// Who is reached, the nearest first.
    ReachView { id: String, hops: u32, reached: Vec<ReachedView> }
    /// One that is reached: `by` is the one before it on a shortest way.
    ReachedView { id: String, kind: String, namespace: String, name: String, health: String, hops: u32, by: String, by_name: String }
    /// Asks for the shortest way between two objects.
    PathRequest { from: String, to: String, at: Option<String> }
    /// The way; `found` is false where there is none, `steps` is empty where both are the same house.
    PathView { from: String, to: String, found: bool, steps: Vec<StepView> }
    /// One step of a way; `along` is false where its relation runs the other way.
    StepView { from: String, from_kind: String, from_name: String, to: String, to_kind: String, to_name: String, r#type: String, along: bool, health: String }
    /// Asks who shares something with an object.
    SharedRequest { id: String, at: Option<String> }
    /// What is shared, and how many nodes of the object's pods are not among it.
    SharedView { id: String, things: Vec<SharedThing>, nodes_left_out: u32 }
    /// One thing that is shared. `by`: `node`, `zone`, `claim`, `volume`, `config_map`, `secret`, `image`, `service_account`.
    SharedThing {
        by: String, name: String,
        /// The object it is, where it is one.
        id: Option<String>,
        count: u32,
        /// The first of them, the worst first.
        with: Vec<SharerView>,
        /// The houses among them, all where they are at most a thousand, else none: then `filter` finds them.
        houses: Vec<String>,
        /// The filter that means them; empty where the language has no word for it.
        filter: String,
    }
    /// One that shares it.
    SharerView { id: String, kind: String, namespace: String, name: String, health: String }
}
