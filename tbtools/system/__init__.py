"""What operating systems do differently: the only package that knows which one this is.

`_posix` is what Linux and macOS have; `_windows` has the same names, and what stands in there for
what Windows lacks. `tests/test_system.py` holds that no other module calls what is on one of them
alone.

| name | what it does |
| --- | --- |
| `open_to_read`, `open_directory`, `create`, `open_lock`, `open_stream` | descriptors |
| `read_at`, `read_into` | bytes at an offset; `READS_ANYWHERE`: by several threads at once |
| `wait_for_input` | whether what is asked still has somebody who reads the answers |
| `copy_range` | copies bytes without reading them, where the system does that |
| `lock`, `flush` | holds a file until its descriptor is closed; puts a file onto the disk |
| `user_id`, `is_closed_to_others`, `change_owner`, `host_name` | whose files these are, and where |
| `may_change` | whether files can be made and removed in a directory |
| `changed_ns`, `file_system`, `LOCAL_FILE_SYSTEMS` | what only some systems tell of a file |
| `give_back_memory` | what was freed, where the C library keeps it |
| `let_go_of` | the memory of a mapped file, which is read again when it is looked at |
| `open_notices`, `watch_directory` | what is written, as it is written: Linux alone tells |
| `process_exists`, `OWN_GROUP`, `end_group`, `usable_cores` | processes |
| `may_fork`, `after_fork`, `signals_held`, `begin_fork`, `end_forks` | processes it becomes |
| `ENDING_SIGNALS` | those that end a process in order |
| `OUTPUT_ENCODING` | of standard output, where its own would lose characters |
| `user_directory` | where programs keep what is theirs |
"""

import sys

if sys.platform == "win32":
    from tbtools.system import _windows as _here
else:
    from tbtools.system import _posix as _here

ENDING_SIGNALS = _here.ENDING_SIGNALS
OUTPUT_ENCODING = _here.OUTPUT_ENCODING
OWN_GROUP = _here.OWN_GROUP
READS_ANYWHERE = _here.READS_ANYWHERE
LOCAL_FILE_SYSTEMS = _here.LOCAL_FILE_SYSTEMS
after_fork = _here.after_fork
begin_fork = _here.begin_fork
change_owner = _here.change_owner
changed_ns = _here.changed_ns
copy_range = _here.copy_range
create = _here.create
end_forks = _here.end_forks
end_group = _here.end_group
file_system = _here.file_system
flush = _here.flush
give_back_memory = _here.give_back_memory
host_name = _here.host_name
is_closed_to_others = _here.is_closed_to_others
let_go_of = _here.let_go_of
lock = _here.lock
may_change = _here.may_change
may_fork = _here.may_fork
open_directory = _here.open_directory
open_lock = _here.open_lock
open_notices = _here.open_notices
open_stream = _here.open_stream
open_to_read = _here.open_to_read
process_exists = _here.process_exists
read_at = _here.read_at
read_into = _here.read_into
signals_held = _here.signals_held
usable_cores = _here.usable_cores
user_directory = _here.user_directory
user_id = _here.user_id
wait_for_input = _here.wait_for_input
watch_directory = _here.watch_directory
