/* Tests of training: a folder with toy heads (toy_head.h) for the whole program, and configs that are written into it. */
#ifndef DN_TOY_CONFIG_H
#define DN_TOY_CONFIG_H

#include "toy_head.h"

#include "train/config.h"

static char *folder;

static inline int toy_make(void **state)
{
    (void)state;
    folder = toy_folder();
    return 0;
}

static inline int toy_destroy(void **state)
{
    (void)state;
    toy_remove(folder);
    return 0;
}

static inline dn_status toy_config_read(const char *text, dn_train_config **out)
{
    char *path = toy_path(folder, "c.yaml");
    toy_text(folder, "c.yaml", text);
    dn_status status = dn_train_config_read(path, 0, out);
    free(path);
    return status;
}

static inline dn_train_config *toy_config(const char *text)
{
    dn_train_config *config = NULL;
    assert_ok(toy_config_read(text, &config));
    return config;
}

#endif
