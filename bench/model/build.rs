//! Has the store built with the model checker's atomics and locks. Never here: anything else.

fn main() {
    println!("cargo:rustc-cfg=tidegate_loom");
    println!("cargo:rerun-if-changed=build.rs");
}
