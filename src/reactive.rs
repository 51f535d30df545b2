//! The framework's building blocks, with the closure boxed: the browser half then holds one copy of
//! their machinery for each type of value, instead of one for each closure.

use std::pin::Pin;

use leptos::prelude::*;

/// Runs `run` in the browser, now and whenever something it read has changed. What it returns is of
/// no interest; what it makes in the reactive graph lives until the next run.
pub fn effect<R>(mut run: impl FnMut() -> R + 'static) {
    boxed(Box::new(move || {
        run();
    }));

    fn boxed(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_| run());
    }
}

/// What `compute` gives, told only when it is another value than before.
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    compute: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    return boxed(Box::new(compute));

    fn boxed<T: PartialEq + Send + Sync + 'static>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| compute())
    }
}

/// A part of a view that is made again whenever something it read has changed.
pub fn dynamic<V: IntoView + 'static>(make: impl Fn() -> V + Send + Sync + 'static) -> impl IntoView {
    return boxed(Box::new(move || make().into_any()));

    fn boxed(make: Box<dyn Fn() -> AnyView + Send + Sync>) -> impl IntoView {
        move || make()
    }
}

/// A part of a view that is there while something holds.
pub fn when<V: IntoView + 'static>(
    holds: impl Fn() -> bool + Send + Sync + 'static,
    make: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    let holds = memo(holds);
    dynamic(move || holds.get().then(|| make().into_any()))
}

/// Runs a future to its end, whatever becomes of what started it.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    boxed(Box::pin(future));

    fn boxed(future: Pin<Box<dyn Future<Output = ()>>>) {
        wasm_bindgen_futures::spawn_local(future);
    }
}
