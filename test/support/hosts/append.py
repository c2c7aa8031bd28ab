"""Appends lines to a file that another node appends to as well: append.py FILE WORD COUNT. Each under a lock, after a look at the file's end."""

import fcntl
import os
import sys

path, word, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for number in range(count):
    fcntl.flock(file, fcntl.LOCK_EX)
    os.lseek(file, 0, os.SEEK_END)
    os.write(file, f"{word} {number}\n".encode())
    fcntl.flock(file, fcntl.LOCK_UN)
