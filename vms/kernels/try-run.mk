# Kbuild asks the compiler some thirty times which options it knows (try-run, under cc-option and its like) at each start of
# make: half of the time of a rebuild. A workspace has one compiler, so each question is asked once there.
#
# Read through MAKEFILES, before Kbuild's own; then "try-run=$(remembered-try-run)" on the command line. The answers, one
# variable each, are in the file `fct-answers`, which is read here too.

fct-empty :=
fct-space := $(fct-empty) $(fct-empty)
fct-hash := \#

# The question as the name of a variable: no white space, and nothing that make or a shell would read otherwise.
fct-question = answer-$(subst ',^,$(subst \,/,$(subst $$,@,$(subst $(fct-hash),@,$(subst =,~,$(subst :,.,$(subst $(fct-space),_,$(strip $(1)))))))))

fct-ask = $(shell set -e; folder=$$(mktemp -d); trap "rm -rf $$folder" EXIT; TMP=$$folder/tmp; \
	if ($(1)) >/dev/null 2>&1; then answer=y; else answer=n; fi; \
	echo '$(fct-question) :=' $$answer >>$(fct-answers); echo $$answer)

fct-known = $(if $(filter undefined,$(origin $(fct-question))),$(fct-ask),$($(fct-question)))

remembered-try-run = $(if $(filter y,$(fct-known)),$(2),$(3))

-include $(fct-answers)
