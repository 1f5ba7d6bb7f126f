//! A Slurm array job that runs a sweep.

use std::path::Path;

use crate::LabError;

/// What a Slurm array script needs to know.
///
/// The script holds paths and numbers; keys and values of the sweep stay in its TOML file, so that
/// none of them meets a shell. A path is quoted whole.
#[derive(Clone, Debug, PartialEq)]
pub struct SlurmScript<'a> {
    /// The program.
    pub program: &'a Path,
    /// The plan, from the root.
    pub sweep: &'a Path,
    /// Folder of the sweep, from the root.
    pub directory: &'a Path,
    /// Tasks of the array.
    pub tasks: usize,
    /// Cores, and so runs at a time, of a task.
    pub cores: usize,
}

impl SlurmScript<'_> {
    /// The script as text, for `sbatch`.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for a path that is no text.
    pub fn to_text(&self) -> Result<String, LabError> {
        let [program, sweep, directory] = [
            quoted("program", self.program)?,
            quoted("SWEEP.toml", self.sweep)?,
            quoted("out", self.directory)?,
        ];
        let (tasks, cores) = (self.tasks, self.cores);
        Ok(format!(
            "#!/bin/bash\n\
             #SBATCH --job-name=implicit-bias\n\
             #SBATCH --array=1-{tasks}\n\
             #SBATCH --cpus-per-task={cores}\n\
             # A task that is killed or preempted is queued again and goes on from its checkpoints.\n\
             #SBATCH --requeue\n\
             # A minute before its time is over a task is told to write them.\n\
             #SBATCH --signal=B:TERM@60\n\
             set -eu\n\
             exec {program} sweep {sweep} \\\n    \
             --out={directory} \\\n    \
             --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\" \\\n    \
             --jobs {cores}\n"
        ))
    }
}

/// A path as one word of a shell, whatever is in it.
fn quoted(key: &str, path: &Path) -> Result<String, LabError> {
    match path.to_str() {
        Some(text) if !text.contains('\0') => Ok(format!("'{}'", text.replace('\'', r"'\''"))),
        _ => Err(LabError::Config {
            key: key.to_owned(),
            expected: "a path that is text in UTF-8".to_owned(),
            found: format!("`{}`", path.display()),
        }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_hands_every_path_on_as_it_is() {
        let hostile = "a b'c\"d`e`$(touch f)$HOME\\n\n#SBATCH --array=1-9\n; exit 3 & *";
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(hostile);
        let listing = folder.path().join("arguments");
        let text = format!(
            "#!/bin/sh\nprintf '%s\\0' \"$@\" > '{}'\n",
            listing.display()
        );
        std::fs::write(&program, text).unwrap();
        let status = Command::new("chmod").arg("755").arg(&program).status();
        assert!(status.unwrap().success());
        let script = SlurmScript {
            program: &program,
            sweep: Path::new(hostile),
            directory: Path::new("-x 'y"),
            tasks: 12,
            cores: 3,
        };
        let text = script.to_text().unwrap();
        // Slurm reads a directive at the beginning of a line alone.
        for directive in [
            "--array=1-12",
            "--cpus-per-task=3",
            "--requeue",
            "--signal=B:TERM@60",
        ] {
            assert!(text.contains(&format!("\n#SBATCH {directive}\n")), "{text}");
        }
        let path = folder.path().join("script");
        std::fs::write(&path, text).unwrap();
        let status = Command::new("bash")
            .arg(&path)
            .env("SLURM_ARRAY_TASK_ID", "7")
            .status();
        assert!(status.unwrap().success());
        let arguments = std::fs::read_to_string(listing).unwrap();
        let arguments: Vec<&str> = arguments.trim_end_matches('\0').split('\0').collect();
        let expected = [
            "sweep",
            hostile,
            "--out=-x 'y",
            "--shard",
            "7/12",
            "--jobs",
            "3",
        ];
        assert_eq!(arguments, expected);
    }
}
