# What a user may edit, or give on make's command line.
PREFIX   = /usr/local
DESTDIR  =
CC       = gcc
CFLAGS   = -O2 -g
CPPFLAGS =
LDFLAGS  =
# set to 1 to make warnings errors (CI does)
WERROR   =
