#include "segment/label_color.h"

/* FreeSurferColorLUT.txt; the right side has the left side's colours. */
static const struct {
    int16_t left, right;
    uint8_t color[3];
} table[] = {
    {2, 41, {245, 245, 245}}, {3, 42, {205, 62, 78}},    {4, 43, {120, 18, 134}},  {7, 46, {220, 248, 164}},  {8, 47, {230, 148, 34}},
    {10, 49, {0, 118, 14}},   {11, 50, {122, 186, 220}}, {12, 51, {236, 13, 176}}, {13, 52, {12, 48, 255}},   {14, 14, {204, 182, 142}},
    {15, 15, {42, 204, 164}}, {16, 16, {119, 159, 176}}, {17, 53, {220, 216, 20}}, {18, 54, {103, 255, 255}}, {24, 24, {60, 60, 60}},
    {26, 58, {255, 165, 0}},  {28, 60, {165, 42, 42}},   {85, 85, {234, 169, 30}},
};

const uint8_t *dn_label_color(const dn_model_label *label)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
        if (label->index == table[i].left || label->index == table[i].right) {
            return table[i].color;
        }
    }
    return label->color;
}
