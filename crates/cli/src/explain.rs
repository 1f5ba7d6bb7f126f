//! What the commands, the columns and the devices are.

use std::process::ExitCode;

use implicit_bias_lab::config::{column_of, columns as all_columns, explain};
use implicit_bias_lab::print_to_stderr;
use implicit_bias_record::Column;
use serde_json::json;

use crate::args::{Cli, ColumnsArgs, DevicesArgs, HelpArgs};
use crate::commands::{Outcome, print};

/// `help`: a command, a flag, or one of its values.
pub fn help(arguments: &HelpArgs) -> Outcome {
    let mut commands = Cli::commands();
    commands.build();
    let mut command = Some(&mut commands);
    for name in &arguments.topic {
        command = command.and_then(|command| command.find_subcommand_mut(name));
    }
    if let Some(command) = command {
        print(command.render_long_help())?;
        return Ok(ExitCode::SUCCESS);
    }
    let reason = match explain(&arguments.topic) {
        Some(Ok(text)) => {
            print(text)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Err(reason)) => reason,
        None => format!(
            "help: expected a command, a flag without its dashes and perhaps one of its values, \
             `claims` or `limits`, found `{}`",
            arguments.topic.join(" ")
        ),
    };
    print_to_stderr(&format!("error: {reason}"));
    Ok(ExitCode::from(2))
}

/// `devices`: what this build can use.
pub fn devices(arguments: &DevicesArgs) -> Outcome {
    let devices = implicit_bias_engine::devices();
    let backends = implicit_bias_engine::all_backends();
    if arguments.json {
        let listed = json!({ "devices": devices, "backends": backends });
        print(format_args!("{listed}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = |name: &str, precisions: &str, hardware: &str| {
        print(format_args!("{name:<10} {precisions:<11} {hardware}\n"))
    };
    line("device", "precisions", "hardware")?;
    for backend in &backends {
        let mut found = devices
            .iter()
            .filter(|device| device.backend == backend.name)
            .peekable();
        if let (Some(needs), None) = (backend.needs, found.peek()) {
            line(backend.name, "none found", &format!("needs {needs}"))?;
        }
        for device in found {
            let precisions: Vec<String> =
                device.precisions.iter().map(ToString::to_string).collect();
            let hardware = device.hardware.as_deref().unwrap_or("unnamed");
            line(&device.name, &precisions.join(", "), hardware)?;
        }
    }
    let left_out: Vec<&str> = backends
        .iter()
        .filter(|backend| !backend.compiled)
        .map(|backend| backend.name)
        .collect();
    if !left_out.is_empty() {
        print(format_args!(
            "not in this build: {}; cargo run --release --features {} adds them\n",
            left_out.join(", "),
            left_out.join(",")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `columns`: what the columns of the tables mean.
pub fn columns(arguments: &ColumnsArgs) -> Outcome {
    let mut shown: Vec<(&str, &Column)> = Vec::new();
    for name in &arguments.columns {
        let Some(column) = column_of(name) else {
            print_to_stderr(&format!(
                "error: expected a column of series.csv or margins.csv, found `{name}`; networks of \
                 your own may have columns more, and `implicit-bias columns` lists all others"
            ));
            return Ok(ExitCode::from(2));
        };
        shown.push((name, column));
    }
    if shown.is_empty() {
        shown = all_columns().map(|column| (column.name, column)).collect();
    }
    if arguments.json {
        let listed: Vec<_> = shown
            .iter()
            .map(|(name, column)| json!({ "name": name, "meaning": column.meaning }))
            .collect();
        print(format_args!("{}\n", json!({ "columns": listed })))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, column) in shown {
        print(format_args!("{name:<width$}  {}\n", column.meaning))?;
    }
    Ok(ExitCode::SUCCESS)
}
