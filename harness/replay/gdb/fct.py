# Commands for gdb on the replay of a run (fctorture replay RUN --gdb).
#
# QEMU cannot run backwards. What can be done: begin again and stop earlier. A first pass from the beginning notes at which
# instruction each change happens, up to where we are; a second one stops right before the one that is wanted.
import itertools
import os
import re
import socket

import gdb

# What a kernel calls first when it complains or dies.
COMPLAINTS = ["oops_begin", "kasan_report", "kasan_report_invalid_free", "refcount_warn_saturate", "__warn", "slab_bug", "object_err", "panic"]


def ask(word):
    """A request to fctorture, which starts and ends the machines; its answer."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["FCT_SESSION"])
    with connection, connection.makefile("rw") as lines:
        lines.write(word + "\n")
        lines.flush()
        answer = lines.readline().strip()
    if not answer.startswith("/"):
        raise gdb.GdbError(answer or "fctorture is gone")
    return answer


def begin():
    """A new machine, which stands at the beginning."""
    try:
        gdb.execute("disconnect", to_string=True)
    except gdb.error:
        pass
    gdb.execute("target remote " + ask("begin"), to_string=True)


def now():
    """Instructions that were executed since the machine was started first."""
    return int(re.search(r"instruction count = (\d+)", gdb.execute("monitor info replay", to_string=True)).group(1))


def proceed():
    """To the next stop. False: the recording is over."""
    try:
        gdb.execute("continue", to_string=True)
        return gdb.selected_thread() is not None
    except gdb.error:
        return False


def symbol_at(address):
    """function + offset in section, or nothing"""
    text = gdb.execute("info symbol 0x%x" % address, to_string=True)
    return "" if text.startswith("No symbol") else text.split(" in section")[0].replace(" + ", "+").strip()


def here():
    return int(gdb.parse_and_eval("(unsigned long)$pc"))


def callers(words=160, most=16):
    """What may be return addresses on the stack, the innermost first: without debug information nobody knows which are."""
    stack = int(gdb.parse_and_eval("(unsigned long)$sp"))
    found = []
    for place in range(stack, stack + 8 * words, 8):
        try:
            value = int(gdb.parse_and_eval("*(unsigned long *)0x%x" % place))
        except gdb.error:
            break
        name = symbol_at(value) if value >> 31 == 0x1FFFFFFFF else ""
        if "+" in name:
            found.append(name)
        if len(found) == most:
            break
    return found


def show():
    print("instruction %d, in %s" % (now(), symbol_at(here()) or hex(here())))
    gdb.execute("x/i $pc")
    print("on the stack: " + ", ".join(callers()))


class Paused:
    """Breakpoints of the user's do not stop what goes on inside."""

    def __enter__(self):
        self.enabled = [point for point in gdb.breakpoints() if point.enabled]
        for point in self.enabled:
            point.enabled = False

    def __exit__(self, *_):
        for point in self.enabled:
            point.enabled = True


class Change:
    def __init__(self, instruction, address, before, after):
        self.instruction, self.address, self.before, self.after = instruction, address, before, after

    def function(self):
        return symbol_at(self.address).split("+")[0]

    def __str__(self):
        name = symbol_at(self.address) or hex(self.address)
        parts = []
        for place in range(0, len(self.before), 8):
            old, new = self.before[place : place + 8], self.after[place : place + 8]
            if old != new:
                numbers = (place, int.from_bytes(old, "little"), int.from_bytes(new, "little"))
                parts.append("+%d: 0x%x -> 0x%x" % numbers)
        return "%d  %-44s %s" % (self.instruction, name, ", ".join(parts))


def folded(changes):
    """One for all changes in a row of one function, such as memset(): from its first to what its last one left."""
    for _, group in itertools.groupby(changes, Change.function):
        first, *others = group
        last = others[-1] if others else first
        yield Change(first.instruction, first.address, first.before, last.after)


class Watch(gdb.Breakpoint):
    """Notes changes of so many bytes, and stops when `is_enough` says so of one."""

    def __init__(self, address, size, is_enough):
        super().__init__(
            "*(char(*)[%d])0x%x" % (size, address), gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True
        )
        self.place, self.is_enough, self.found = (address, size), is_enough, []
        self.before = self.read()
        if self.type != gdb.BP_HARDWARE_WATCHPOINT:
            self.delete()
            raise gdb.GdbError("%d bytes are more than QEMU can watch" % size)

    def read(self):
        return bytes(gdb.selected_inferior().read_memory(*self.place))

    def stop(self):
        after = self.read()
        change = Change(now(), here(), self.before, after)
        self.before = after
        if change.before != after:
            self.found.append(change)
        return self.is_enough(change)


def changes(address, size, until):
    """Changes of so many bytes there, from the beginning to an instruction: the first pass."""
    begin()
    watch = Watch(address, size, lambda change: change.instruction >= until)
    proceed()
    found = [change for change in watch.found if change.instruction < until]
    if watch.is_valid():
        watch.delete()
    return found


def go_to(address, size, instruction):
    """From the beginning to right behind the change that happens there: the second pass."""
    begin()
    watch = Watch(address, size, lambda change: change.instruction == instruction)
    if not proceed():
        raise gdb.GdbError("instruction %d was not reached" % instruction)
    watch.delete()


class Memory:
    """What the last command was about: a place, and its changes before where we are."""

    place, known = None, []


def target_of(text):
    value = gdb.parse_and_eval(text)
    if value.type.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR):
        return int(value) & (1 << 64) - 1, 8
    return int(value.address), value.type.sizeof


def go_to_last():
    if not Memory.known:
        raise gdb.GdbError("nothing changes it between the beginning and here")
    change = Memory.known.pop()
    go_to(*Memory.place, change.instruction)
    print(change)
    show()


def look_at(place):
    Memory.place, Memory.known = place, changes(*place, now())


class LastWrite(gdb.Command):
    """fct-last-write ADDR|EXPR: to the last store that changed the 8 bytes at ADDR, or the object EXPR; right behind it."""

    def __init__(self):
        super().__init__("fct-last-write", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        place = target_of(argument)
        with Paused():
            look_at(place)
            go_to_last()


class Before(gdb.Command):
    """fct-before: to the change before that."""

    def __init__(self):
        super().__init__("fct-before", gdb.COMMAND_RUNNING)

    def invoke(self, *_):
        with Paused():
            go_to_last()


class Life(gdb.Command):
    """fct-life ADDR [BYTES]: all changes of an object (128 bytes) from the beginning to here, those of one function in a row as one; ends at the last of them."""

    def __init__(self):
        super().__init__("fct-life", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _):
        words = gdb.string_to_argv(argument)
        place = (target_of(words[0])[0], int(words[1]) if len(words) > 1 else 128)
        with Paused():
            look_at(place)
            for change in folded(Memory.known):
                print(change)
            go_to_last()


class Finding(gdb.Command):
    """fct-finding: from the beginning to where the kernel first complains, or to the end of the recording."""

    def __init__(self):
        super().__init__("fct-finding", gdb.COMMAND_RUNNING)

    def invoke(self, *_):
        begin()
        points = []
        with Paused():
            for name in COMPLAINTS:
                try:
                    address = int(gdb.parse_and_eval("(unsigned long)&%s" % name))
                except gdb.error:
                    continue
                points.append(gdb.Breakpoint("*0x%x" % address, internal=True))
            try:
                if not proceed():
                    raise gdb.GdbError("the kernel does not complain: there is no place to open")
                show()
            finally:
                for point in points:
                    point.delete()


for command in (LastWrite, Before, Life, Finding):
    command()
gdb.execute("fct-finding")
