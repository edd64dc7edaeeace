#!/usr/bin/env bash
# Says what is being done: one marked line.
printf '── %s\n' "$*"
