"""A small trainer that shows how training is logged with tensorboardX.

Read `train` first: it is the loop, and it calls everything else. What to notice:

- `runlog`: the SummaryWriter, and what its documentation does not say;
- `meter`: values stay on the device until they are due, so that logging costs nothing;
- `checkpoint`: a killed run goes on, and gives the same losses to the last bit;
- `faults`: a training that goes wrong on request, for tools that judge logs;
- `recipes`: what is trained, and which kind of data is logged of it.

Run it with ``python -m reference_training RECIPE --logdir DIR``.
"""
