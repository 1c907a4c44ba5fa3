# Completion of cos-thumbnailer for bash, written by scripts/manual. Source it, or copy it to /usr/share/bash-completion/completions/cos-thumbnailer.
_cos_thumbnailer_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}
_cos_thumbnailer_files() {
    compopt -o filenames 2>/dev/null || :
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}
_cos_thumbnailer() {
    local command=${COMP_WORDS[1]-} previous=${COMP_WORDS[COMP_CWORD-1]} options=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        _cos_thumbnailer_words "render check doctor sync verify schema policy triggers help --help --version"
        return
    fi
    case "$command $previous" in
        "help help") _cos_thumbnailer_words "render check doctor sync verify schema policy triggers"; return ;;
        "render --box") :; return ;;
        "render --process") :; return ;;
        "render --format") _cos_thumbnailer_words "jpeg png webp avif gif"; return ;;
        "render --quality") :; return ;;
        "render --memory") :; return ;;
        "check --config") _cos_thumbnailer_files; return ;;
        "doctor --region") :; return ;;
        "doctor --source") :; return ;;
        "doctor --config") _cos_thumbnailer_files; return ;;
        "doctor --memory") :; return ;;
        "sync --region") :; return ;;
        "sync --source") :; return ;;
        "sync --config") _cos_thumbnailer_files; return ;;
        "sync --inventory") _cos_thumbnailer_files; return ;;
        "sync --prefix") :; return ;;
        "sync --start-after") :; return ;;
        "sync --match") :; return ;;
        "sync --newer") :; return ;;
        "sync --older") :; return ;;
        "sync --verify") _cos_thumbnailer_words "listing stamps nothing"; return ;;
        "sync --orphans") _cos_thumbnailer_words "report remove ignore"; return ;;
        "sync --mode") _cos_thumbnailer_words "invoke invoke-async local"; return ;;
        "sync --function") :; return ;;
        "sync --memory") :; return ;;
        "sync --timeout") :; return ;;
        "sync --rate") :; return ;;
        "sync --concurrency") :; return ;;
        "sync --batch") :; return ;;
        "sync --max-invocations") :; return ;;
        "sync --budget") :; return ;;
        "sync --prices") _cos_thumbnailer_files; return ;;
        "sync --sample") :; return ;;
        "sync --checkpoint") _cos_thumbnailer_files; return ;;
        "sync --report") _cos_thumbnailer_files; return ;;
        "verify --region") :; return ;;
        "verify --source") :; return ;;
        "verify --config") _cos_thumbnailer_files; return ;;
        "verify --inventory") _cos_thumbnailer_files; return ;;
        "verify --prefix") :; return ;;
        "verify --start-after") :; return ;;
        "verify --match") :; return ;;
        "verify --newer") :; return ;;
        "verify --older") :; return ;;
        "verify --verify") _cos_thumbnailer_words "listing stamps nothing"; return ;;
        "verify --orphans") _cos_thumbnailer_words "report remove ignore"; return ;;
        "verify --mode") _cos_thumbnailer_words "invoke invoke-async local"; return ;;
        "verify --function") :; return ;;
        "verify --memory") :; return ;;
        "verify --timeout") :; return ;;
        "verify --rate") :; return ;;
        "verify --concurrency") :; return ;;
        "verify --batch") :; return ;;
        "verify --max-invocations") :; return ;;
        "verify --budget") :; return ;;
        "verify --prices") _cos_thumbnailer_files; return ;;
        "verify --sample") :; return ;;
        "verify --checkpoint") _cos_thumbnailer_files; return ;;
        "verify --report") _cos_thumbnailer_files; return ;;
        "policy --region") :; return ;;
        "policy --source") :; return ;;
        "policy --config") _cos_thumbnailer_files; return ;;
        "policy --function") :; return ;;
        "policy --inventory") _cos_thumbnailer_files; return ;;
        "policy --checkpoint") _cos_thumbnailer_files; return ;;
        "triggers --region") :; return ;;
        "triggers --source") :; return ;;
        "triggers --config") _cos_thumbnailer_files; return ;;
    esac
    case "$command" in
        render) options="--box --process --format --quality --memory --serve --help" ;;
        check) options="--config --help" ;;
        doctor) options="--region --source --config --memory --json --help" ;;
        sync) options="--region --source --config --inventory --prefix --start-after --match --newer --older --verify --orphans --mode --function --memory --timeout --rate --concurrency --batch --max-invocations --budget --prices --sample --keep-going --checkpoint --report --run --help" ;;
        verify) options="--region --source --config --inventory --prefix --start-after --match --newer --older --verify --orphans --mode --function --memory --timeout --rate --concurrency --batch --max-invocations --budget --prices --sample --keep-going --checkpoint --report --help" ;;
        schema) options="--help" ;;
        policy) options="--region --source --config --allow-listing --sync --function --inventory --checkpoint --help" ;;
        triggers) options="--region --source --config --allow-listing --help" ;;
    esac
    case "${COMP_WORDS[COMP_CWORD]}" in
        -*) _cos_thumbnailer_words "$options" ;;
        *) case "$command" in render) _cos_thumbnailer_files ;; *) _cos_thumbnailer_words "$options" ;; esac ;;
    esac
}
complete -F _cos_thumbnailer cos-thumbnailer
