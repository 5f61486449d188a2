# Run while the package libdien-dev is put together: the static library without the notes for debuggers.
set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
file(GLOB_RECURSE library "${root}/lib/*/libdien.a")
execute_process(COMMAND ${DIEN_STRIP} --strip-debug --enable-deterministic-archives ${library} COMMAND_ERROR_IS_FATAL ANY)
