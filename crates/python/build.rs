//! What a module needs of the linker where there is no library of Python to link to: on macOS.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
