#!/usr/bin/env bash
# Files of a step: compared, filled with their secret, written whole.

LHA_CHANGED_FILES=()

# install_file SOURCE TARGET MODE OWNER [SECRET]: makes TARGET like SOURCE. The new file appears whole or not at all, also where two steps
# that run at once share it.
install_file() {
  local source=$1 target=$2 mode=$3 owner secret=${5:--} why="" fresh="$2.linode-ha-new-$STEP" folder=${2%/*}
  owner=$(full_owner "$4")
  if [[ ! -f $target ]]; then
    why="wrote $target"
  elif ! same_content "$source" "$target" "$secret"; then
    why="rewrote $target"
  elif [[ $(stat -c '%04a %U:%G' "$target") != "$(printf '%04d' "$((10#$mode))") $owner" ]]; then
    why="set mode and owner of $target"
  else
    return 0
  fi
  LHA_CHANGED_FILES+=("$target")
  if applying; then
    if [[ ! -d ${folder:-/} ]]; then mkdir -p "$folder"; fi
    if [[ $secret == - ]]; then
      install -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$source" "$fresh"
    else
      rm -f "$fresh"
      (
        umask 077
        filled "$source" "$secret" >"$fresh"
      )
      chown "$owner" "$fresh"
      chmod "$mode" "$fresh"
    fi
    mv "$fresh" "$target"
  fi
  changed "$why"
}

# Built in where it can be: starting a process for each file would make the second run slow.
same_content() {
  local text
  if [[ $3 == - ]]; then
    cmp -s "$1" "$2"
  else
    text=$(filled "$1" "$3" && printf x)
    [[ $text == "$(<"$2")"$'\nx' ]]
  fi
}

full_owner() {
  if [[ $1 == *:* ]]; then printf '%s' "$1"; else printf '%s:%s' "$1" "$(id -gn "$1")"; fi
}

# filled SOURCE SECRET: the text, with the secret in its place. Built-in commands only: a secret is never an argument of a process.
filled() {
  local source=$1 secret=$2 text value
  if [[ $secret == - ]]; then
    cat "$source"
    return
  fi
  if [[ ! -s $LHA_BASE/secrets/$STEP/$secret ]]; then
    die "$EXIT_USAGE" "secret $secret is not on this host" "run the step through the program that deploys it"
  fi
  text=$(<"$source")
  value=$(<"$LHA_BASE/secrets/$STEP/$secret")
  printf '%s\n' "${text//"{{secret:$secret}}"/"$value"}"
}

# install_files: the files of the step's list; and takes away those that an earlier version of the step put there.
install_files() {
  local mode owner secret index path list before text=""
  list=$(state_file "$STEP.files")
  while read -r mode owner secret index path; do
    install_file "$LHA_STEP_DIR/files/$index" "$path" "$mode" "$owner" "$secret"
  done <"$LHA_STEP_DIR/files.list"
  if [[ -f $list ]]; then
    while read -r before; do
      if [[ -e $before ]] && ! listed "$before"; then
        if applying; then rm -f "$before"; fi
        changed "removed $before"
      fi
    done <"$list"
  fi
  if applying; then
    while read -r mode owner secret index path; do
      text+=$path$'\n'
    done <"$LHA_STEP_DIR/files.list"
    # Once for all of them: a rename alone may come to the disk before its content.
    if ((${#LHA_CHANGED_FILES[@]} > 0)); then sync -f /etc; fi
    if [[ ! -f $list || $(<"$list")$'\n' != "$text" ]]; then write_durably "$list" <<<"${text%$'\n'}"; fi
  fi
}

listed() {
  local mode owner secret index path
  while read -r mode owner secret index path; do
    if [[ $path == "$1" ]]; then return 0; fi
  done <"$LHA_STEP_DIR/files.list"
  return 1
}

# remove_files: takes away what this step installed, unless another step on this host lists the same file.
remove_files() {
  local list path
  list=$(state_file "$STEP.files")
  if [[ ! -f $list ]]; then return 0; fi
  while read -r path; do
    if [[ -e $path ]] && ! listed_elsewhere "$path"; then
      rm -f "$path"
      changed "removed $path"
    fi
  done <"$list"
  rm -f "$list"
}

listed_elsewhere() {
  local other
  for other in "$LHA_BASE"/state/*.files; do
    if [[ $other != "$LHA_BASE/state/$STEP.files" ]] && grep -qxF "$1" "$other"; then return 0; fi
  done
  return 1
}

# file_changed GLOB: whether this run changed a file whose path matches.
file_changed() {
  local path
  for path in ${LHA_CHANGED_FILES[@]+"${LHA_CHANGED_FILES[@]}"}; do
    # shellcheck disable=SC2053 # the right side is meant as a pattern
    if [[ $path == $1 ]]; then return 0; fi
  done
  return 1
}

# install_step_command: the operator's `linode-ha-step STEP apply|check|remove`.
install_step_command() {
  local target=/usr/local/sbin/linode-ha-step
  if ! cmp -s "$LHA_STEP_DIR/linode-ha-step" "$target"; then
    mkdir -p "${target%/*}"
    install -m 0755 "$LHA_STEP_DIR/linode-ha-step" "$target.new.$$"
    mv "$target.new.$$" "$target"
    changed "wrote $target"
  fi
}
