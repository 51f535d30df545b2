//! What processes use of the machine, read from `/proc` (Linux, proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::report::Figures;

/// Ticks a second of the times in `/proc/<pid>/stat`; Linux tells user space the same everywhere.
const TICKS: f64 = 100.0;

/// A process, and those it started, under a name for people.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// As figures are named.
    pub name: &'static str,
    /// The first of them.
    pub pid: u32,
}

impl Process {
    /// All of them. The load started the server, which is not counted with it.
    fn members(self) -> Result<Vec<u32>> {
        if self.name == LOAD { Ok(vec![self.pid]) } else { family(self.pid) }
    }

    /// Seconds of processor time, of those it started and outlived too.
    fn cpu_seconds(self) -> Result<f64> {
        ensure!(fs::exists(format!("/proc/{}", self.pid))?, "the process of {} is gone", self.name);
        let times = self.members()?.into_iter().filter_map(|pid| stat(pid).ok());
        Ok(times.flat_map(|stat| stat[TIMES].to_vec()).sum::<u64>() as f64 / TICKS)
    }

    /// The memory they have in use; what they share counts once.
    fn memory(self) -> Result<u64> {
        match self.members()?[..] {
            [only] => resident(only),
            ref several => {
                Ok(several.iter().filter_map(|pid| kilobytes(*pid, "smaps_rollup", "Pss").ok()).sum())
            }
        }
    }
}

/// The fields of `/proc/<pid>/stat` behind the name, which may hold anything.
fn stat(pid: u32) -> Result<Vec<u64>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = text.rsplit_once(") ").context("a name in brackets")?;
    // The first is a letter, some are negative: neither is asked for.
    Ok(fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

/// Positions in [`stat`]: the parent, and the times in user and kernel mode, of waited-for children too.
const PARENT: usize = 1;
const TIMES: std::ops::Range<usize> = 11..15;

/// The process and all that descend from it.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut children: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that ends just now is nobody's.
        if let Ok(stat) = stat(pid) {
            children.entry(stat[PARENT]).or_default().push(pid);
        }
    }
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children.get(&u64::from(pid)).into_iter().flatten());
        next += 1;
    }
    Ok(found)
}

/// A line `name: n kB` of a file in `/proc`, in bytes.
fn kilobytes(pid: u32, file: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")).context("a number of kB")?;
    Ok(1024 * number.trim().parse::<u64>()?)
}

/// The memory one process has in use.
pub fn resident(pid: u32) -> Result<u64> {
    kilobytes(pid, "status", "VmRSS")
}

/// How many files this process, and what it starts, may have open.
///
/// # Errors
/// When the system does not say.
pub fn most_files() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/limits")?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("Max open files")).context("the limit of files")?;
    Ok(line.split_whitespace().next().context("a number")?.parse()?)
}

/// A span of time in which processes are watched.
pub struct Watch {
    processes: Vec<(Process, f64)>,
    begun: Instant,
}

impl Watch {
    /// Begins.
    ///
    /// # Errors
    /// When one of them is gone.
    pub fn begin(processes: &[Process]) -> Result<Self> {
        let begin = |&process: &Process| Ok((process, process.cpu_seconds()?));
        let processes = processes.iter().map(begin).collect::<Result<_>>()?;
        Ok(Self { processes, begun: Instant::now() })
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Processor time since the beginning and memory at the end, of each and together.
    ///
    /// # Errors
    /// When one of them is gone.
    pub fn end(&self) -> Result<Figures> {
        let mut figures = Figures::new();
        let mut all = 0.0;
        for (process, before) in &self.processes {
            let (name, used) = (process.name, process.cpu_seconds()? - before);
            // Instances count together.
            *figures.entry(format!("cpu_s_{name}")).or_default() += used;
            *figures.entry(format!("memory_mib_{name}")).or_default() +=
                process.memory()? as f64 / 1_048_576.0;
            if name != LOAD {
                all += used;
            }
        }
        figures.insert(STACK.to_owned(), all);
        Ok(figures)
    }
}

/// The name of the load's own process: it is no part of the stack.
pub const LOAD: &str = "load";
/// The figure of all processes of the stack.
pub const STACK: &str = "cpu_s_stack";

/// A stack bound to one processor and the load to the others, for as long as this lives.
pub struct Bound {
    processes: Vec<Process>,
    processors: usize,
}

impl Bound {
    /// Binds; with a single processor there is nothing to choose.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn to_one(processes: &[Process]) -> Result<Self> {
        let processors = std::thread::available_parallelism()?.get();
        let bound = Self { processes: processes.to_vec(), processors };
        if processors > 1 {
            let (load, stack): (Vec<_>, Vec<_>) = processes.iter().partition(|process| process.name == LOAD);
            bind(&load, &format!("1-{}", processors - 1))?;
            bind(&stack, "0")?;
        }
        Ok(bound)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if self.processors > 1
            && let Err(error) = bind(&self.processes, &format!("0-{}", self.processors - 1))
        {
            crate::say(&format!("processes stay bound to one processor: {error:#}"));
        }
    }
}

/// Binds every thread of these processes, and what they start from now on, to some processors.
fn bind(processes: &[Process], processors: &str) -> Result<()> {
    for process in processes {
        for pid in process.members()? {
            let output =
                Command::new("taskset").args(["-a", "-c", "-p", processors, &pid.to_string()]).output();
            let output = output.context("the command taskset")?;
            let gone = !fs::exists(format!("/proc/{pid}"))?;
            ensure!(output.status.success() || gone, "taskset: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_child_that_is_busy_counts_and_one_that_ended_still_does() {
        let all = Process { name: "all", pid: std::process::id() };
        let load = Process { name: LOAD, pid: std::process::id() };
        let before = all.cpu_seconds().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read x"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        assert!(all.members().unwrap().contains(&child.id()));
        assert_eq!(load.members().unwrap(), [load.pid]);
        let busy = Process { name: "busy", pid: child.id() };
        while busy.cpu_seconds().unwrap() < 0.1 {
            std::thread::yield_now();
        }
        assert!(all.cpu_seconds().unwrap() >= before + 0.1);
        assert!(all.memory().unwrap() > 0 && resident(child.id()).unwrap() > 100_000);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(all.cpu_seconds().unwrap() >= before + 0.1, "its time went with it");
        assert!(busy.cpu_seconds().is_err());
    }
}
