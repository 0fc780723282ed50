#!/bin/sh
# One element of an array job. $1: the array's folder; the rest: the program that does a cell, which finds the element's number in
# the environment.
folder=$1
shift
exec "$@" "$folder"
