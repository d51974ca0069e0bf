"""A validation set for detection by someone who has not seen the detector, and its scorer.

    python -m benchmarks.blind --seed 0:20

Families of simulated training logs after public logs, papers and reports, each with what is true of
it. A third of the families (`--part development`) may be looked at; nothing is tuned on the rest.
`--part second` is another set (`benchmarks.blind.second`), by another author; `--part third`,
`--part fourth`, `--part fifth`, `--part sixth`, `--part seventh`, `--part eighth`, `--part tenth`,
`--part eleventh`, `--part twelfth`, `--part thirteenth`, `--part fourteenth`, `--part fifteenth`,
`--part sixteenth`, `--part seventeenth`, `--part eighteenth` and `--part nineteenth` are sixteen
more (`benchmarks.blind.third`, `benchmarks.blind.fourth`, `benchmarks.blind.fifth`,
`benchmarks.blind.sixth`, `benchmarks.blind.seventh`, `benchmarks.blind.eighth`,
`benchmarks.blind.tenth`, `benchmarks.blind.eleventh`, `benchmarks.blind.twelfth`,
`benchmarks.blind.thirteenth`, `benchmarks.blind.fourteenth`, `benchmarks.blind.fifteenth`,
`benchmarks.blind.sixteenth`, `benchmarks.blind.seventeenth`, `benchmarks.blind.eighteenth`,
`benchmarks.blind.nineteenth`), and
`--part ninth` is a small one of speeds and learning rates (`benchmarks.blind.ninth`).
"""
