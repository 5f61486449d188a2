# Run while the package dien is put together: what Debian's rules want otherwise than `make install` does.
set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
file(GLOB pages "${root}/share/man/man1/*.1")
if(pages)
  execute_process(COMMAND gzip -9nf ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
# The text of the GPL is part of every Debian system; the links of the pages still lead to it.
file(REMOVE "${root}/share/doc/dien/LICENSE")
file(CREATE_LINK ../../common-licenses/GPL-3 "${root}/share/doc/dien/LICENSE" SYMBOLIC)
