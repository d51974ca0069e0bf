"""Why a target is not met, as profiles say: shown below the table while that is so.

Numbers are CPU time on an AMD EPYC at 3.6 GHz whose two cores others used, too.
"""

from __future__ import annotations

# Work and what is wanted, as the table shows them, to the reason.
WHY = {
    ("many runs, from the shell", "at most the time of TensorBoard's Rust server to load them"): (
        "about half of it is the start of Python and the imports, which the summary of a small "
        "log takes, too (see Start-up); the server's time is that of its load cycle alone."
    ),
    ("many runs, from the shell", "at most 2.5 x the cost for 2 x as many more runs"): (
        "it is a ratio of differences of some tenths of a second, which swing by as much from run "
        "to run of this machine; the three runs before had 1.96 to 2.23."
    ),
    ("pictures and histograms", "at most 1.5 x the time of one checksum pass"): (
        "by the clock it takes as long as the pass: both cores share the work, and what they take "
        "together, which is what counts where the machine is busy, is more."
    ),
    ("a second look at 10,000 runs", "at most 1 s"): (
        "seconds belong to the machine: where `os.scandir` of its 10,011 directories and `os.stat` "
        "of its 10,000 files take 0.12 s (from C 0.09 s; to print the lines takes 1 ms), it took "
        "0.84 s. Of these 0.21 s are the start of Python and the imports (see Start-up). The other "
        "half is some 50 µs a run: 10 to find it and put it in order, 14 for what was kept of it, "
        "15 for what is known when all runs are, and 14 for its line of the table."
    ),
    ("a second load of one file", "at most the time of one checksum pass"): (
        "it is a scan, as no entry pays. Of the 38 ms that a scan takes on one core, 14 ms are "
        "the system's copy of the 111 MB, which is most of the checksum pass, 5 ms the handing "
        "over of 48 MB for columns, and 19 ms the records (9.3 ns each). Without checksums these "
        "take 7.5 ns, and copying three fields from places that are known 6.7 ns: what an entry "
        "could save that holds no values is a seventh, and one that holds them may not be written "
        "for more than a tenth of the scan (see cache.md)."
    ),
    ("a report of 1,500 runs", "at most 8 s"): (
        "seconds belong to the machine: where *limit* takes 0.16 s for these files it took 7.6 s. "
        "A quarter of the series diverge, and each run becomes slower: judging all of them takes "
        "4.3 s of CPU on two cores. The rest is mostly the page's: 30,000 series made fit for it, "
        "one after the other, and 44 MB of text."
    ),
    ("`tbtools summarize` of a small log", "at most 0.35 s of CPU"): (
        "seconds belong to the machine: where `python -c pass` takes 0.010 s it took 0.28 s, with "
        "1.48 billion instructions, as callgrind counts them; it takes 1.38 now. About two thirds "
        "are the start of Python and the imports; making dataclasses is 17 % of all."
    ),
    ("merging tiny records", "at least 500 MB/s"): (
        "of 0.54 s that the main thread takes for 193 MB, 0.15 s are the system's copy into the "
        "new file, its hints to the disk and the removal of the former result, and 0.05 s half of "
        "the scan, whose other half another thread does. The rest are passes over the columns of "
        "4.4 million records, of which the longest takes 27 ms: their files as one run, sessions, "
        "what was superseded, and where stretches of records begin and end."
    ),
    ("`tbtools inspect --events` of a million events", "at most 5 s"): (
        "each event becomes objects of Python, in 4 µs where it took 6 when protobuf decoded all: "
        "a quarter of that is reading, checking and decoding it, a half its numbers as text and "
        "its row, a quarter the line of CSV and writing it."
    ),
}
for _one in ("one series", "twenty tags"):
    WHY[f"one file, {_one}", "at most 3 x that for the scan alone, on one core"] = (
        "reading the bytes is as much as the checksum pass but for its checksum; handing over "
        "memory for 24 bytes a scalar takes the system 3 ns each, and checking and filling a "
        "record takes 8 to 9 ns, with half the instructions that it took (see Instructions a "
        "record). *limit* pays the first two as well, and takes three passes itself. Smaller "
        "pieces than a mebibyte at a time change nothing, for that fits into the second cache."
    )
